"""The operator's permissions on Google Cloud: one table, of which the role and the preflight are made."""

from __future__ import annotations

import re

import pytest

from l3kit.clouds.gcp.control.grants import kinds_of
from l3kit.clouds.gcp.control.operator_permissions import PERMISSIONS
from l3kit.clouds.gcp.control.permissions import REQUIRED_PERMISSIONS, grants_for, permission_table
from l3kit.clouds.ports.operator_permissions import DEPLOYING, VERBS, PolicyScope, operator_permissions
from l3kit.twin.layout import Layout


def test_a_row_names_permissions_of_one_service_and_the_role_that_has_them() -> None:
    for row in REQUIRED_PERMISSIONS:
        assert all(re.fullmatch(r"[a-z]+\.[A-Za-z]+\.[A-Za-z]+", name) for name in row.permissions), row
        assert len({name.partition(".")[0] for name in row.permissions}) == 1
        assert re.fullmatch(r"roles/[a-zA-Z.]+", row.role)
        assert set(row.verbs) <= set(VERBS)


def test_the_table_has_a_line_for_each_row() -> None:
    lines = permission_table(["logs"]).splitlines()
    assert lines[0] == "| permissions | role that has them | what for | verbs |"
    assert lines[-1] == "| `logging`: logEntries.list | `roles/logging.viewer` | read log lines | logs |"
    assert len(permission_table().splitlines()) == len(REQUIRED_PERMISSIONS) + 2


def test_the_role_has_exactly_what_the_verbs_need() -> None:
    policy = operator_permissions("gcp").policy(PolicyScope("plant"), ["logs"])
    assert policy.document == {
        "title": "Operator of plant",
        "description": "What l3kit needs for the twin plant",
        "stage": "GA",
        "includedPermissions": ["logging.logEntries.list", "resourcemanager.projects.get"],
    }
    assert (list(policy.parts), policy.note) == ([policy.document], "")


def test_a_collection_to_copy_is_read_only_if_one_is_named() -> None:
    with_one, without = (PERMISSIONS.policy(PolicyScope("plant", from_table=name), ["load"]) for name in ("old", ""))
    assert "datastore.entities.list" in with_one.document["includedPermissions"]
    assert "datastore.entities.list" not in without.document["includedPermissions"]


@pytest.mark.parametrize(
    ("layout", "absent"),
    [
        (Layout("gcp", "gcp", "gcp", l1="gcp", l2="gcp"), set()),
        (Layout("gcp", "aws", "aws"), {"buckets", "objects", "messages"}),
        (Layout("aws", "aws", "gcp"), {"database", "schedules", "messages"}),
    ],
)
def test_only_what_a_twin_has_on_google_cloud_is_asked_for(layout: Layout, absent: set[str]) -> None:
    here = {"project", "accounts", "invoker", "database", "buckets", "objects", "functions", "schedules", "messages"}
    assert kinds_of(layout, "gcp") == here - absent
    assert kinds_of(layout, "gcp", alarms=True) == here - absent | {"alarms"}


def test_what_deploying_needs_is_not_only_conditional() -> None:
    assert [row for row in grants_for(DEPLOYING) if not row.only]
