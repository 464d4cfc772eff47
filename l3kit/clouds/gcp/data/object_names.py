"""Cloud Storage's rules for object names. No I/O.

Source: "About Cloud Storage objects", object name requirements, in Google's documentation.
"""

from __future__ import annotations

MAX_KEY_BYTES = 1024


def key_fault(key: str) -> str | None:
    """The reason why this is not a valid object name in Cloud Storage; None if it is."""
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        return "the key is not valid Unicode"
    if not 1 <= size <= MAX_KEY_BYTES:
        return f"the key has {size} bytes, Cloud Storage takes 1 to {MAX_KEY_BYTES}"
    if key in (".", "..") or "\r" in key or "\n" in key or key.startswith(".well-known/acme-challenge/"):
        return "the key is one that Cloud Storage forbids (a line break, `.`, `..`)"
    return None
