"""Request rates that the clouds document, as pure values: no clock, no I/O.

What a document leaves open is chosen so that a mover gets no more than the real service would give it, and is said
beside the figure.
"""
