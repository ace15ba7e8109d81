"""The telephone network in a box: callers and desk phones that call the product over real SIP, and what they saw."""
