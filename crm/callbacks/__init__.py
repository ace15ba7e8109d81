"""Calling back those who asked for it, as often as promised and never twice at once."""
