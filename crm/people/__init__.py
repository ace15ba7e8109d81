"""People who call, and their telephone numbers (C1 to C5)."""
