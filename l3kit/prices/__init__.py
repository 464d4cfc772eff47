"""List prices with their sources and dates, and the units they are in.

No formulas: `cost` calculates with them.
"""
