"""The emergency switch: a number, or all of them, closed at once."""
