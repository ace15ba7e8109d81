"""How many agents are needed, from the calls that came, and where the roster falls short (H1)."""
