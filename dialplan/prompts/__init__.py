"""The voice of the hotline: what is said, how it is put together, built and installed."""
