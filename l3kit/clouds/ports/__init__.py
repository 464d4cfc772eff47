"""Ports of a cloud: protocols, and the values that they exchange.

Nothing here implements a port or names a cloud.
"""
