"""`l3kit explain`: one device's way down the tiers, gathered from the stores and shown as a page.

Facts are gathered in `gather` alone; all else here is pure.
"""
