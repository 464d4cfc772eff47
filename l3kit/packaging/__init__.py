"""Package a function as a zip: its sources, entry point and dependencies.

This package decides the contents of a zip; the clouds' `control` packages upload it.
"""
