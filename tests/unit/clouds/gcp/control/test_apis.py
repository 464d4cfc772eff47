"""The APIs of a project: enabled where they are not, and waited for until they answer."""

from __future__ import annotations

from pathlib import Path

from l3kit.clouds.gcp.control.apis import NEEDED, Apis, needed_apis
from l3kit.clouds.gcp.control.place import MONITORING
from l3kit.sandbox.gcp.control.settings import PlaneSettings
from tests.support.control_plane import Cloud
from tests.unit.clouds.gcp.control.watched import watched_twin


def test_what_is_not_enabled_is_told_and_enabled_in_one_request() -> None:
    cloud = Cloud(PlaneSettings(enabling_seconds=45))
    apis = Apis(cloud.place)
    assert "cloudfunctions.googleapis.com" in apis.compare().differences[0]
    assert "storage.googleapis.com" not in apis.compare().differences[0]
    before = cloud.time.now
    apis.update()
    assert cloud.time.now - before >= 45
    assert apis.compare().differences == ()
    assert len(cloud.http.changes) == 1
    apis.delete()
    assert apis.compare().differences == ()
    cloud.close()


def test_at_most_as_many_are_needed_as_one_request_can_enable() -> None:
    assert len(NEEDED) == len(set(NEEDED)) <= 20


def test_a_twin_with_alarms_needs_cloud_monitoring(tmp_path: Path) -> None:
    assert MONITORING in needed_apis(watched_twin(tmp_path))
    assert MONITORING not in needed_apis(watched_twin(tmp_path, notify=[]))
