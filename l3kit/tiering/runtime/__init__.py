"""How a function is run: its work by name, HTTP in front of it, its event loop, its log, the hot readers.

Nothing of one cloud: the entry points in `clouds/<cloud>/data/entry.py` turn its events into calls of this.
"""
