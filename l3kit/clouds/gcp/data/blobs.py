"""Conversion of Google's blob to the port's ObjectInfo. No I/O."""

from __future__ import annotations

from datetime import UTC, datetime

import google.cloud.storage as storage

from l3kit.tiering.ports import ObjectInfo, ObjectVersion


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


def blob_version(blob: storage.Blob) -> ObjectVersion:
    """Convert an entry of a listing of versions, or of objects that were deleted softly."""
    return ObjectVersion(
        blob.name,
        str(blob.generation),
        int(blob.size or 0),
        str(blob.generation),
        blob.time_created or datetime.now(UTC),
        blob.time_deleted is None and blob.soft_delete_time is None,
        blob.hard_delete_time,
    )


def etag_generation(etag: str) -> int | None:
    number = int(etag) if etag.isascii() and etag.isdigit() else 2**63
    return number if number < 2**63 else None
