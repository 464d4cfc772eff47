"""The protocol between clouds: wire format, payload sizes, the sender, the receivers, objects in parts, receipts.

What to move and when is decided in `movers`; stores are reached through `ports` alone.
"""
