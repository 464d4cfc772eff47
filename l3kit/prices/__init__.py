"""List prices with their sources and dates, and the units they are in.

No formula: what things cost is calculated in `cost`.
"""
