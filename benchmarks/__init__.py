"""Benchmarks of l3kit's movers against a naive mover, on a fast local store in a separate process.

Nothing in l3kit imports this package. `python -m benchmarks.bench --help` lists the options.
"""
