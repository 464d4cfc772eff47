"""Notification channels: one for each address, and no other."""

from __future__ import annotations

from collections.abc import Sequence

from l3kit.clouds.gcp.control.channels import Channels, channels_of
from l3kit.clouds.gcp.control.place import MONITORING
from tests.support.control_plane import PROJECT, Cloud, Fault
from tests.unit.clouds.gcp.control.watched import HOOK, OPS


def channels(cloud: Cloud, addresses: Sequence[str], *, live: bool = True) -> Channels:
    return Channels(cloud.place, "plant", tuple(addresses), live)


def there(cloud: Cloud) -> list[str]:
    return sorted(text for one in channels_of(cloud.place, "plant") for text in one["labels"].values())


def test_each_address_has_a_channel_whose_name_hides_the_key(cloud: Cloud) -> None:
    one = channels(cloud, [OPS, HOOK])
    assert not one.compare().exists
    one.create()
    assert (one.compare().differences, there(cloud)) == ((), [HOOK, OPS])
    assert not any("KEY" in made["displayName"] for made in channels_of(cloud.place, "plant"))
    one.delete()
    assert (one.compare().exists, there(cloud)) == (False, [])


def test_an_address_that_left_loses_its_channel(cloud: Cloud) -> None:
    channels(cloud, [OPS, HOOK]).create()
    only = channels(cloud, [OPS])
    (difference,) = only.compare().differences
    assert "https://hook.example/..." in difference
    assert "KEY" not in difference
    only.update()
    assert (only.compare().differences, there(cloud)) == ((), [OPS])


def test_an_address_whose_answer_was_lost_has_one_channel(cloud: Cloud) -> None:
    cloud.http.fault = Fault(len(cloud.http.changes), "lost")
    channels(cloud, [OPS]).create()
    assert there(cloud) == [OPS]


def test_a_channel_of_somebody_else_is_not_ours(cloud: Cloud) -> None:
    foreign = {"type": "email", "labels": {"email_address": OPS}, "displayName": "theirs"}
    cloud.control.post(MONITORING, f"v3/projects/{PROJECT}/notificationChannels", foreign)
    channels(cloud, []).delete()
    found = cloud.control.get(MONITORING, f"v3/projects/{PROJECT}/notificationChannels")
    assert [one["displayName"] for one in found["notificationChannels"]] == ["theirs"]


def test_an_address_on_this_machine_is_refused_unless_in_a_sandbox(cloud: Cloud) -> None:
    fault = channels(cloud, ["http://127.0.0.1:1/KEY"]).compare().fault
    assert fault is not None
    assert "Cloud Monitoring cannot reach http://127.0.0.1:1/..." in str(fault)
    assert channels(cloud, ["http://127.0.0.1:1/KEY"], live=False).compare().fault is None
