"""The cross-cloud protocol: wire format, payload sizes, sender, receivers, multipart objects, receipts.

The movers decide what to move and when; stores are accessed only through `ports`.
"""
