"""Versions of blobs: the blob itself, former versions, snapshots, and what was deleted softly. No I/O."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from l3kit.tiering.ports import ObjectVersion

INCLUDED = ("versions", "snapshots", "deleted")
"""Contents of a listing in addition to the current blobs."""
_VERSION, _SNAPSHOT = "version:", "snapshot:"


def blob_version(blob: Any, now: datetime) -> ObjectVersion:
    """Convert an entry of a listing. `now`: the time from which the service counts the remaining days."""
    version, snapshot, deleted = (getattr(blob, name, None) for name in ("version_id", "snapshot", "deleted"))
    named = f"{_SNAPSHOT}{snapshot}" if snapshot else f"{_VERSION}{version}" if version else ""
    current = not (snapshot or deleted) and (not version or bool(blob.is_current_version))
    left = timedelta(days=(blob.remaining_retention_days or 0) + 1) if deleted else None
    return ObjectVersion(
        blob.name,
        named,
        int(blob.size or 0),
        str(blob.etag).strip('"'),
        blob.last_modified or datetime.fromtimestamp(0, UTC),
        current,
        None if left is None else now + left,
    )


def client_options(version: ObjectVersion) -> dict[str, str]:
    """The arguments that make `get_blob_client` refer to this version; none for a blob without versions."""
    if version.version.startswith(_SNAPSHOT):
        return {"snapshot": version.version.removeprefix(_SNAPSHOT)}
    if version.version.startswith(_VERSION):
        return {"version_id": version.version.removeprefix(_VERSION)}
    return {}
