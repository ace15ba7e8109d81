"""Calls as they were: every pass, ring, hold and transfer, with its times."""
