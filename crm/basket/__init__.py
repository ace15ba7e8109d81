"""The basket: what a caller is given, verified item by item, and sent by e-mail (H5, H6, W4–W7)."""
