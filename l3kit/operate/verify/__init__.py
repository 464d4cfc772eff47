"""Checks of a deployed twin: links, functions, schedules, stores, items.

Each check says what was expected, what was seen and what to do.
"""
