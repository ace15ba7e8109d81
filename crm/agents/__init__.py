"""What the service does for and to the people who answer."""
