"""Reproducible measurements of the whole service on the machine at hand; `python -m bench` prints their tables."""
