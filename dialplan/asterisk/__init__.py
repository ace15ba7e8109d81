"""Installs, starts, supervises and controls an Asterisk in a folder, without root (standard library only)."""
