"""Who changed what: one line for every change of a person's data, and for what supervisors and administrators do."""
