"""The message chain of layers 1 and 2: from a device's message to an item in the hot tier.

Stores, other functions and devices are reached only through ports; nothing here names a cloud or uses an SDK.
"""
