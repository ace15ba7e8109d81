"""One call from its arrival to its end, as people read it."""
