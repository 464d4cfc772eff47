"""An operator with exactly the permissions of the table deploys, changes and removes a twin on a project's double."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from l3kit.clouds.gcp.cloud import GcpCloud
from l3kit.clouds.gcp.control.functions import CloudRunFunctions
from l3kit.clouds.gcp.control.google_api import GoogleApi
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

EMAIL = "deployer@l3kit.example"
ROLE = f"projects/{PROJECT}/roles/l3kitOperator"
ROLES = "iam.googleapis.com"
NEEDED = sorted({name for row in grants_for(DEPLOYING) for name in row.permissions})


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    made = Cloud()
    yield made
    made.close()


@pytest.fixture
def twin(tmp_path: Path) -> Twin:
    return twin_on(tmp_path, "gcp", "gcp", "gcp", chain=("gcp", "gcp"))


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
    plain = PlaneHttp(cloud.plane, cloud.loop, None)
    control = GoogleApi(
        "https://{}".format,
        PlaneHttp(cloud.plane, cloud.loop, f"token-of:{EMAIL}"),
        sleep=time.sleep,
        clock=time.clock,
        random=lambda: 0.5,
        plain=plain,
    )
    place = Place(control, PROJECT, REGION, cloud.patience)
    here = replace(cloud.session(), control=control, functions=CloudRunFunctions(place), messages=PubSub(place))
    return Session("live", {"gcp": GcpCloud(here)})


def test_the_table_suffices_for_a_twins_life_and_has_nothing_that_none_of_it_needs(
    cloud: Cloud, twin: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: set[str] = set()
    judged = Policies.refusal

    def noted(self: Policies, email: str | None, permission: str, resource: str) -> str | None:
        if email == EMAIL:
            used.add(permission)
        return judged(self, email, permission, resource)

    monkeypatch.setattr(Policies, "refusal", noted)
    session = operator(cloud, NEEDED)
    monkeypatch.setattr(Policies, "allowed", lambda self, email, names, resource: list(names))  # which preflight asks
    first = plan(twin, session)
    assert {step.action for step in first.steps} <= {"create", "update"}
    apply(first, session)
    assert plan(twin, session).changes == ()
    apply(plan_destroy(twin, session, data=True), session)
    print(sorted(set(NEEDED) - used), sorted(used - set(NEEDED)))
    assert used - set(NEEDED) == set()
