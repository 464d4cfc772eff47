"""Code that runs inside a cloud function: chunks, journal, movers, writers, the wire protocol.

Standard library, requests, orjson and zstandard only: no cloud SDK, and of l3kit only `l3kit.errors` besides this
folder. Clouds are reached through the ports in `ports.py`.
"""
