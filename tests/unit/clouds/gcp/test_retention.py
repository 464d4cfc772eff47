"""What Google Cloud keeps of deleted data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from l3kit.clouds.gcp.cloud import GcpCloud
from l3kit.clouds.gcp.control.databases import Database
from l3kit.clouds.gcp.control.place import FIRESTORE
from l3kit.clouds.gcp.retention import RETENTION
from l3kit.clouds.ports.retention import Retained
from l3kit.sandbox.gcp.control.settings import PlaneSettings
from l3kit.twin.config import Twin
from tests.support.control_plane import PROJECT, Cloud
from tests.support.google_plane import EVERY_API
from tests.support.twins import twin_on


@pytest.fixture
def there() -> Iterator[Cloud]:
    made = Cloud(PlaneSettings(enabled=EVERY_API))
    yield made
    made.close()


@pytest.fixture
def twin(tmp_path: Path) -> Twin:
    return twin_on(tmp_path, "gcp", "gcp", "gcp")


def first(cloud: GcpCloud, twin: Twin) -> Retained:
    return RETENTION.retained(cloud, twin, ["hot", "journal", "cold"])[0]


def test_the_twins_own_database_keeps_former_states_for_an_hour_or_as_is_set(there: Cloud, twin: Twin) -> None:
    cloud = GcpCloud(there.session())
    database = cloud.session.database_of(twin.name)
    Database(there.place, database, twin.name, "journal").create()
    assert (first(cloud, twin).what, first(cloud, twin).days) == (
        f"former states of the Firestore database {database}, for an hour",
        1,
    )
    mask = "pointInTimeRecoveryEnablement"
    path = f"v1/projects/{PROJECT}/databases/{database}"
    there.control.patch(FIRESTORE, path, {mask: "POINT_IN_TIME_RECOVERY_ENABLED"}, {"updateMask": mask})
    assert (first(cloud, twin).what, first(cloud, twin).days) == (
        f"point-in-time recovery of the Firestore database {database}",
        7,
    )


def test_its_buckets_keep_nothing_that_expired(twin: Twin) -> None:
    assert RETENTION.of_expired(twin) is None


def test_where_no_documents_are_stored_only_logs_are_told(there: Cloud, twin: Twin) -> None:
    (logs,) = RETENTION.retained(GcpCloud(there.session()), twin, ["archive"])
    assert logs.what == "log lines that name the device"
