"""The supervisor's console: what goes on now, and what can be done about it within the minute."""
