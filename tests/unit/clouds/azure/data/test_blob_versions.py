"""Versions of blobs, as the SDK lists them: Azurite keeps none, so the conformance suite cannot ask for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.storage.blob import BlobProperties

from l3kit.clouds.azure.data.blob_versions import blob_version, client_options

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def listed(**more: Any) -> BlobProperties:
    blob = BlobProperties(name="d/k", **{"Content-Length": 3, "ETag": '"0x1"', "Last-Modified": NOW})
    for name, value in more.items():
        setattr(blob, name, value)
    return blob


@pytest.mark.parametrize(
    ("entry", "current", "options"),
    [
        ({}, True, {}),
        ({"version_id": "v2", "is_current_version": True}, True, {"version_id": "v2"}),
        ({"version_id": "v1"}, False, {"version_id": "v1"}),
        ({"snapshot": "s1"}, False, {"snapshot": "s1"}),
        ({"snapshot": "s1", "version_id": "v1", "is_current_version": True}, False, {"snapshot": "s1"}),
    ],
    ids=["without versions", "current", "former", "snapshot", "snapshot of the current"],
)
def test_a_version_is_current_or_not_and_is_addressed_by_its_own_name(
    entry: dict[str, Any], current: bool, options: dict[str, str]
) -> None:
    found = blob_version(listed(**entry), NOW)
    assert (found.key, found.size, found.etag, found.kept_until) == ("d/k", 3, "0x1", None)
    assert found.current is current
    assert client_options(found) == options


def test_a_softly_deleted_blob_is_not_current_and_is_kept_until_its_days_are_over() -> None:
    found = blob_version(listed(deleted=True, remaining_retention_days=6), NOW)
    assert not found.current
    assert found.kept_until == NOW + timedelta(days=7)
