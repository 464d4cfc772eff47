"""The storage format: items and their times, chunks, digests, strict JSON.

No I/O and no wire protocol; that is in `transfer`.
"""
