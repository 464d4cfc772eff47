"""`l3kit.verify`: checks of a deployed twin: links, functions, schedules, stores, items.

Each check gives the expected value, the actual value and the remedy.
"""
