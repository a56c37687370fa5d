"""Defects planted on purpose, one at a time, to see who notices."""
