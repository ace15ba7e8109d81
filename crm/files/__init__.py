"""Files that people brought along: kept once each, by the hash of what is in them."""
