"""Permissions of a twin's accounts on one resource: exactly those, and those of nobody else."""

from __future__ import annotations

from l3kit.clouds.gcp.control.bindings import Bindings
from l3kit.clouds.gcp.control.policies import Held, project_policy
from tests.support.control_plane import PROJECT, Cloud
from tests.unit.clouds.gcp.control.conftest import make_accounts

VIEWER, LOGS = Held("roles/pubsub.viewer"), Held("roles/logging.viewer")
OURS = ("plant-hot-reader", "plant-persister")


def bindings(cloud: Cloud, **wanted: Held) -> Bindings:
    roles = {f"plant-{name.replace('_', '-')}": frozenset({one}) for name, one in wanted.items()}
    return Bindings(cloud.place, project_policy(cloud.place), roles, OURS, "roles/owner")


def test_permissions_are_as_they_were_given(cloud: Cloud) -> None:
    make_accounts(cloud, "hot-reader", "persister")
    one = bindings(cloud, hot_reader=VIEWER)
    assert not one.compare().exists
    one.create()
    assert (one.name, one.compare().exists, one.compare().differences) == (f"on project {PROJECT}", True, ())


def test_more_and_less_than_wanted_is_told_by_account_and_repaired(cloud: Cloud) -> None:
    make_accounts(cloud, "hot-reader", "persister")
    bindings(cloud, hot_reader=VIEWER, persister=LOGS).create()
    one = bindings(cloud, hot_reader=LOGS)
    assert one.compare().differences == (
        "plant-hot-reader has roles/pubsub.viewer, not roles/logging.viewer",
        "plant-persister has roles/logging.viewer, not no role",
    )
    one.update()
    assert one.compare().differences == ()


def test_a_removal_takes_only_what_ours_have(cloud: Cloud) -> None:
    make_accounts(cloud, "hot-reader", "persister")
    before = project_policy(cloud.place).read()["bindings"]
    one = bindings(cloud, hot_reader=VIEWER)
    one.create()
    one.delete()
    one.delete()
    assert not one.compare().exists
    assert project_policy(cloud.place).read()["bindings"] == before
