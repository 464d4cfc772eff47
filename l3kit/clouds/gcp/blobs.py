"""What a key must be, and what Google's blob says, in the port's words. Pure; no I/O."""

from __future__ import annotations

from datetime import UTC, datetime

import google.cloud.storage as storage

from l3kit.tiering.ports import ObjectInfo

MAX_KEY_BYTES = 1024


def key_fault(key: str) -> str | None:
    """Why this cannot be an object's name in Cloud Storage; None where it can."""
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        return "the key is not valid Unicode"
    if not 1 <= size <= MAX_KEY_BYTES:
        return f"the key has {size} bytes, Cloud Storage takes 1 to {MAX_KEY_BYTES}"
    if key in (".", "..") or "\r" in key or "\n" in key or key.startswith(".well-known/acme-challenge/"):
        return "the key is one that Cloud Storage forbids (a line break, `.`, `..`)"
    return None


def blob_info(blob: storage.Blob) -> ObjectInfo:
    metadata = dict(blob.metadata or {})
    return ObjectInfo(
        blob.name,
        int(blob.size or 0),
        str(blob.generation),
        blob.time_created or datetime.now(UTC),
        metadata.get("sha256"),
        blob.storage_class,
        blob.content_encoding or None,
        metadata,
    )


def etag_generation(etag: str) -> int | None:
    number = int(etag) if etag.isascii() and etag.isdigit() else 2**63
    return number if number < 2**63 else None
