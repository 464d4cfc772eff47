"""Conversion of Google's blob to the port's ObjectInfo. No I/O."""

from __future__ import annotations

from datetime import UTC, datetime

import google.cloud.storage as storage

from l3kit.tiering.ports import ObjectInfo


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
