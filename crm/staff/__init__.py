"""The people who work here: accounts, sessions, who may do what."""
