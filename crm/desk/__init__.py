"""The agent's desk: what an agent sees of the call, the caller and the telephone, and is told while it happens."""
