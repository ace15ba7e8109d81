"""Recordings of talks: taken in from Asterisk, kept by date with a checksum, played, paused, deleted when their time is
over."""
