"""Offices that calls are transferred to (K3), as administrators keep them; those of hotline.toml are not in here."""
