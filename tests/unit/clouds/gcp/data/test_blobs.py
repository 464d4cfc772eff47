"""Generations of objects as Cloud Storage lists them: the sandbox keeps none but those deleted softly."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from l3kit.clouds.gcp.data.blobs import blob_version

BUCKET = storage.Client(project="p", credentials=AnonymousCredentials()).bucket("b")
AT = "2026-06-01T00:00:00Z"


def listed(**more: Any) -> storage.Blob:
    blob = BUCKET.blob("d/k")
    blob._set_properties({"name": "d/k", "generation": "17", "size": "3", "timeCreated": AT, **more})
    return blob


@pytest.mark.parametrize(
    ("entry", "current", "kept"),
    [
        ({}, True, None),
        ({"timeDeleted": AT}, False, None),
        ({"softDeleteTime": AT, "hardDeleteTime": "2026-06-08T00:00:00Z"}, False, datetime(2026, 6, 8, tzinfo=UTC)),
    ],
    ids=["live", "former", "deleted softly"],
)
def test_a_generation_is_current_or_not_and_only_what_was_deleted_softly_is_kept(
    entry: dict[str, Any], current: bool, kept: datetime | None
) -> None:
    found = blob_version(listed(**entry))
    assert (found.key, found.version, found.size) == ("d/k", "17", 3)
    assert found.modified == datetime(2026, 6, 1, tzinfo=UTC)
    assert (found.current, found.kept_until) == (current, kept)
