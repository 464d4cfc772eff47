"""An operator with exactly the permissions of the table deploys, changes and removes a twin on a project's double."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from l3kit.clouds.gcp.cloud import GcpCloud
from l3kit.clouds.gcp.control.functions import CloudRunFunctions
from l3kit.clouds.gcp.control.google_api import GoogleApi
from l3kit.clouds.gcp.control.grants import UNTESTED
from l3kit.clouds.gcp.control.operator_permissions import PERMISSIONS
from l3kit.clouds.gcp.control.permissions import grants_for
from l3kit.clouds.gcp.control.place import Place
from l3kit.clouds.gcp.control.topics import PubSub
from l3kit.clouds.ports.operator_permissions import DEPLOYING, PolicyScope
from l3kit.deploy import apply, plan, plan_destroy
from l3kit.errors import PermissionMissingError
from l3kit.sandbox.gcp.control.iam import Policies
from l3kit.session import Session
from l3kit.twin.config import Twin
from tests.support.control_plane import PROJECT, REGION, Cloud, PlaneHttp
from tests.support.twins import twin_on
from tests.unit.clouds.gcp.control.watched import watched_twin

EMAIL = "deployer@l3kit.example"
ROLE = f"projects/{PROJECT}/roles/l3kitOperator"
ROLES, MONITORING = "iam.googleapis.com", "monitoring.googleapis.com"
NEEDED = sorted({name for row in grants_for(DEPLOYING) for name in row.permissions})


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    made = Cloud()
    yield made
    made.close()


@pytest.fixture
def twin(tmp_path: Path) -> Twin:
    return watched_twin(tmp_path, chain=True)


def operator(cloud: Cloud, permissions: list[str]) -> Session:
    """Make a role of these permissions and give it to an operator. Returns: their session."""
    body = {**PERMISSIONS.policy(PolicyScope("plant")).document, "includedPermissions": permissions}
    services = {"serviceIds": [ROLES, "cloudresourcemanager.googleapis.com"]}
    cloud.control.post("serviceusage.googleapis.com", f"v1/projects/{PROJECT}/services:batchEnable", services)
    parent = f"v1/projects/{PROJECT}/roles"
    cloud.control.post(ROLES, parent, {"roleId": "l3kitOperator", "role": body})
    path = f"v3/projects/{PROJECT}"
    policy = cloud.control.post("cloudresourcemanager.googleapis.com", f"{path}:getIamPolicy", {})
    bindings = [*policy.get("bindings", ()), {"role": ROLE, "members": [f"user:{EMAIL}"]}]
    changed = {"policy": {**policy, "bindings": bindings}}
    cloud.control.post("cloudresourcemanager.googleapis.com", f"{path}:setIamPolicy", changed)
    return session_of(cloud)


def session_of(cloud: Cloud) -> Session:
    time = cloud.time
    http = PlaneHttp(cloud.plane, cloud.loop, EMAIL)
    control = GoogleApi(
        "https://{}".format,
        http,
        sleep=time.sleep,
        clock=time.clock,
        random=lambda: 0.5,
        plain=http,
    )
    place = Place(control, PROJECT, REGION, cloud.patience)
    here = replace(cloud.session(), control=control, functions=CloudRunFunctions(place), messages=PubSub(place))
    return Session("live", {"gcp": GcpCloud(here)})


LISTING = {
    f"{kind}.list"
    for kind in (
        *("cloudfunctions.functions", "cloudscheduler.jobs", "datastore.databases", "iam.serviceAccounts"),
        "pubsub.topics",
    )
}
"""Permissions whose lack is an answer too: with these calls apply sees whether an API has taken effect."""
NOT_HERE = {"datastore.locations.list", "iam.serviceAccounts.enable", "storage.objects.delete"}
"""The double has no regions of Firestore and switches no account off, and these buckets are empty."""


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The permissions that the double judges for the operator, apart from those that a preflight only tests."""
    found: set[str] = set()
    judged, allowed = Policies.refusal, Policies.allowed
    testing: list[bool] = []

    def noted(self: Policies, email: str | None, permission: str, resource: str) -> str | None:
        if email == EMAIL and not testing:
            found.add(permission)
        return judged(self, email, permission, resource)

    def tested(self: Policies, email: str, permissions: Sequence[str], resource: str) -> list[str]:
        testing.append(True)
        try:
            return allowed(self, email, permissions, resource)
        finally:
            testing.pop()

    monkeypatch.setattr(Policies, "refusal", noted)
    monkeypatch.setattr(Policies, "allowed", tested)
    return found


def make_drift(cloud: Cloud, twin: Twin) -> None:
    """Change something of each kind behind the operator's back."""
    there, names = cloud.control, cloud.session().names(twin.name)
    project, here = f"projects/{PROJECT}", f"projects/{PROJECT}/locations/{REGION}"
    there.patch("storage.googleapis.com", f"storage/v1/b/{names.store('cold')}", {"storageClass": "STANDARD"})
    cloud.effects.documents.clear()  # with the note of the database's owner
    role = f"v1/{project}/roles/{names.role('item_reader')}"
    there.patch(ROLES, role, {"includedPermissions": ["datastore.entities.get"]}, {"updateMask": "includedPermissions"})
    there.post("cloudscheduler.googleapis.com", f"v1/{here}/jobs/{names.schedule('hot-to-cold-mover')}:pause", {})
    changed = {"schedule": "1 1 1 1 1"}
    job = f"v1/{here}/jobs/{names.schedule('cold-to-archive-mover')}"
    there.patch("cloudscheduler.googleapis.com", job, changed, {"updateMask": "schedule"})
    function = f"v2/{here}/functions/{names.function('hot-reader')}"
    slow = {"serviceConfig": {"timeoutSeconds": 1}}
    there.patch("cloudfunctions.googleapis.com", function, slow, {"updateMask": "serviceConfig.timeoutSeconds"})
    metric = f"v2/{project}/metrics/{names.alarm('dead-letters')}"
    there.put(
        "logging.googleapis.com", metric, {**there.get("logging.googleapis.com", metric), "filter": "severity>=INFO"}
    )
    for kind in ("alertPolicies", "notificationChannels"):
        (one, *_) = there.get(MONITORING, f"v3/{project}/{kind}")[kind]
        there.patch(MONITORING, f"v3/{one['name']}", {"enabled": False}, {"updateMask": "enabled"})
    push = f"v1/{project}/subscriptions/{names.route()}"
    late = {"subscription": {"ackDeadlineSeconds": 10}, "updateMask": "ackDeadlineSeconds"}
    there.patch("pubsub.googleapis.com", push, late)


def protecting(twin: Twin, protect: bool) -> Twin:
    file = twin.path / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "protect_hot_table": protect}))
    return Twin.load(twin.path)


@pytest.mark.slow
def test_the_table_suffices_for_a_twins_life_and_has_nothing_that_none_of_it_needs(
    cloud: Cloud, twin: Twin, used: set[str]
) -> None:
    session = operator(cloud, NEEDED)
    apply(plan(twin, session), session)
    assert plan(twin, session).changes == ()
    make_drift(cloud, twin)
    apply(plan(protecting(twin, True), session), session)
    apply(plan_destroy(protecting(twin, False), session, data=True), session)
    apply(plan(twin, session), session)  # deleted roles are taken up again
    assert sorted(used - {*NEEDED} - LISTING) == []
    assert sorted({*NEEDED} - used - NOT_HERE) == []


def test_each_missing_permission_is_told_before_anything_is_made(cloud: Cloud, twin: Twin) -> None:
    session = operator(cloud, NEEDED)
    tested = sorted({name for row in grants_for(DEPLOYING) if row.on not in UNTESTED for name in row.permissions})
    for missing in tested:
        left = {"includedPermissions": [name for name in NEEDED if name != missing]}
        cloud.control.patch(ROLES, f"v1/{ROLE}", left, {"updateMask": "includedPermissions"})
        with pytest.raises(
            PermissionMissingError, match=rf"1 permission of .* nothing was created: .*{re.escape(missing)}"
        ):
            plan(twin, session)
    assert cloud.effects.deployed == {}
    whole = {"includedPermissions": NEEDED}
    cloud.control.patch(ROLES, f"v1/{ROLE}", whole, {"updateMask": "includedPermissions"})
    apply(plan(twin, session), session)
    assert plan(twin, session).changes == ()


def test_a_twin_without_alarms_needs_no_permission_for_them(cloud: Cloud, tmp_path: Path) -> None:
    twin = twin_on(tmp_path, "gcp", "gcp", "gcp", chain=("gcp", "gcp"))
    session = operator(cloud, [name for name in NEEDED if not name.startswith(("monitoring.", "logging.logMetrics."))])
    planned = plan(twin, session)
    assert [note for note in planned.notes if "may not look for alarms" in note]
    apply(planned, session)
    assert plan(twin, session).changes == ()
    destroyed = apply(plan_destroy(twin, session, data=True), session)
    assert [note for note in destroyed.notes if "any that it had before stay" in note]
    assert plan_destroy(twin, session, data=True).steps == ()
