"""Why people who answer take a pause: the reasons to choose from."""
