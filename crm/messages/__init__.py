"""Messages that callers left, and who has heard them."""
