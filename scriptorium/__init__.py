"""Scriptorium for those who use it: `scriptorium.client` is its client in Python."""
