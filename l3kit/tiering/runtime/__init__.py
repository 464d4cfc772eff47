"""The function runtime: dispatch by name, HTTP handling, event loop, logging, the hot readers.

Cloud-neutral: the entry points in `clouds/<cloud>/data/entry.py` convert a cloud's events into calls of this code.
"""
