"""Azure: Cosmos DB, Blob Storage, Functions.

`data` is what zips carry, `control` makes resources; `cloud.py` is what the rest of l3kit sees.
"""
