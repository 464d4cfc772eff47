"""The message chain of layers 1 and 2: from what a device sent to an item in the hot tier.

Stores, other functions and devices are reached through ports only; nothing here knows a cloud or an SDK.
"""
