"""The list of sources (K2): offices, web sites, manuals, contact officers."""
