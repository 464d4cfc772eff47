"""`l3kit explain`: one device's data in all tiers, gathered from the stores and shown as a page.

Only `gather` does I/O.
"""
