"""Items and their times, chunks, digests, strict JSON: how data lie in the tiers. Pure.

No I/O and no protocol between clouds: what goes over the wire is in `transfer`.
"""
