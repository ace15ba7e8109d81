"""Installs, starts, supervises and controls an Asterisk out of a folder, without root rights (standard library only)."""
