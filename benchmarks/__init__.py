"""Compares l3kit's movers with a naive one, against a fast local store that runs in a process of its own.

Only measuring lives here; nothing in l3kit imports it. `python -m benchmarks.bench --help` says what can be run.
"""
