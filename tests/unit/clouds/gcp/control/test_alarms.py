"""Alert policies: made, repaired, told to the channels, removed."""

from __future__ import annotations

from pathlib import Path

from l3kit.clouds.gcp.control.alarm_specs import alarm_specs
from l3kit.clouds.gcp.control.alarms import AlertPolicy, LeftOverAlarms, policies_of
from l3kit.clouds.gcp.control.channels import Channels
from l3kit.clouds.gcp.control.place import MONITORING
from tests.support.control_plane import PROJECT, Cloud, Fault
from tests.unit.clouds.gcp.control.watched import HOOK, OPS, watched_twin

NAME = "plant-hot-to-cold-mover-broke-off"


def policy(cloud: Cloud, folder: Path, *addresses: str) -> AlertPolicy:
    specs = alarm_specs(watched_twin(folder), cloud.place.names("plant"), "gcp")
    return AlertPolicy(cloud.place, {spec.name: spec for spec in specs}[NAME], "plant", addresses)


def there(cloud: Cloud) -> list[dict[str, object]]:
    return policies_of(cloud.place, "plant", {NAME})


def test_a_policy_is_as_it_was_made_and_goes(cloud: Cloud, tmp_path: Path) -> None:
    one = policy(cloud, tmp_path)
    assert not one.compare().exists
    one.create()
    assert (one.compare().exists, one.compare().differences) == (True, ())
    one.delete()
    one.delete()
    assert there(cloud) == []


def test_a_policy_tells_the_channels_of_the_day(cloud: Cloud, tmp_path: Path) -> None:
    Channels(cloud.place, "plant", [OPS]).create()
    policy(cloud, tmp_path, OPS).create()
    both = policy(cloud, tmp_path, OPS, HOOK)
    (difference,) = both.compare().differences  # in the plan that is to make the channel
    assert difference == "it does not tell https://hook.example/... (ffb3a9) yet"
    Channels(cloud.place, "plant", [OPS, HOOK]).update()
    assert len(both.compare().differences) == 1
    both.update()
    assert (both.compare().differences, len(there(cloud)[0]["notificationChannels"])) == ((), 2)  # type: ignore[arg-type]


def test_what_somebody_changed_is_told_and_set_back(cloud: Cloud, tmp_path: Path) -> None:
    one = policy(cloud, tmp_path)
    one.create()
    cloud.control.patch(MONITORING, f"v3/{there(cloud)[0]['name']}", {"enabled": False}, {"updateMask": "enabled"})
    assert one.compare().differences == ("enabled is off, not on",)
    one.update()
    assert one.compare().differences == ()


def test_one_whose_answer_was_lost_is_there_once(cloud: Cloud, tmp_path: Path) -> None:
    cloud.http.fault = Fault(len(cloud.http.changes), "lost")
    policy(cloud, tmp_path).create()
    assert len(there(cloud)) == 1


def test_a_second_one_of_the_name_is_told_and_removed(cloud: Cloud, tmp_path: Path) -> None:
    one = policy(cloud, tmp_path)
    one.create()
    (made,) = there(cloud)
    copy = {key: made[key] for key in ("displayName", "userLabels", "conditions", "combiner")}
    cloud.control.post(MONITORING, f"v3/projects/{PROJECT}/alertPolicies", copy)
    assert one.compare().differences[-1] == "there are 2 of this name"
    one.update()
    assert len(there(cloud)) == 1


def test_those_that_a_twin_no_longer_has_go_and_others_stay(cloud: Cloud, tmp_path: Path) -> None:
    one = policy(cloud, tmp_path)
    one.create()
    other = LeftOverAlarms(cloud.place, (NAME,), "other")
    assert not other.compare().exists
    other.delete()
    left = LeftOverAlarms(cloud.place, (NAME,), "plant")
    assert left.compare().exists
    left.delete()
    assert not left.compare().exists
