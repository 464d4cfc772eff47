"""What runs inside a cloud function: chunks, journal, movers, writers, the wire protocol.

Standard library, requests, orjson and zstandard only: no cloud SDK, nothing from above this folder but `l3kit.errors`.
Clouds are reached through the ports in `ports.py`.
"""
