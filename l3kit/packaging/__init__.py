"""A function as a zip: its sources, its entry point, its dependencies.

What a zip holds is decided here; who uploads it, by the clouds' `control`.
"""
