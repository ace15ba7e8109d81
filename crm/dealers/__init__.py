"""The dealer and representative database (K1)."""
