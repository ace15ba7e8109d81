"""What waits for agents when no call does: missed calls, callbacks, messages, unfinished records, cards due."""
