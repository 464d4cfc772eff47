"""Custom roles: made, changed, deleted, and taken up again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from l3kit.sandbox.gcp.control.permissions import KNOWN, predefined
from l3kit.sandbox.gcp.control.roles import DAY
from tests.support.google_plane import NAME, Google

Make = Callable[..., Google]
ROLES = f"v1/{NAME}/roles"
ROLE = f"{NAME}/roles/l3kit.mover"
GET = "datastore.entities.get"
USER = "user:somebody@example.com"


def create(google: Google, *permissions: str) -> Any:
    body = {
        "roleId": "l3kit.mover",
        "role": {"title": "Mover", "includedPermissions": list(permissions), "stage": "GA"},
    }
    return google.post("iam", ROLES, body)


def may(google: Google) -> bool:
    return google.plane.judge.refusal("somebody@example.com", GET, f"{NAME}/databases/d") is None


def test_a_role_has_exactly_its_permissions(google: Google) -> None:
    made = create(google, GET)
    assert (made["name"], made["includedPermissions"]) == (ROLE, [GET])
    google.allow(USER, ROLE)
    assert may(google)
    google.patch(
        "iam", f"v1/{ROLE}", {"includedPermissions": ["datastore.entities.list"]}, updateMask="includedPermissions"
    )
    assert not may(google)
    assert google.get("iam", f"v1/{ROLE}")["title"] == "Mover"


def test_a_role_that_is_there_is_not_made_again(google: Google) -> None:
    create(google, GET)
    refused = google.refused("POST", "iam", ROLES, {"roleId": "l3kit.mover", "role": {}})
    assert (refused.status, refused.code) == (409, "ALREADY_EXISTS")


@pytest.mark.parametrize("undeleted", [False, True], ids=["new", "undeleted"])
def test_a_role_that_came_just_now_is_not_known_to_policies(make: Make, undeleted: bool) -> None:
    google = make(unknown_role_seconds=30)
    create(google, GET)
    if undeleted:
        google.now += 60
        google.delete("iam", f"v1/{ROLE}")
        google.post("iam", f"v1/{ROLE}:undelete")
    path, policy = f"v3/{NAME}:setIamPolicy", {"policy": {"bindings": [{"role": ROLE, "members": [USER]}]}}
    refused = google.refused("POST", "cloudresourcemanager", path, policy)
    assert (refused.status, refused.code) == (400, "INVALID_ARGUMENT")
    assert refused.message == f"Role ({ROLE}) does not exist in the resource's hierarchy."
    google.now += 31
    google.allow(USER, ROLE)
    assert may(google)


def test_a_deleted_role_is_undeleted_before_it_can_be_used(google: Google) -> None:
    create(google, GET)
    google.allow(USER, ROLE)
    assert google.delete("iam", f"v1/{ROLE}")["deleted"]
    assert not may(google)
    refused = google.refused("POST", "iam", ROLES, {"roleId": "l3kit.mover", "role": {}})
    assert (refused.status, "marked for deletion" in refused.message) == (400, True)
    assert google.refused("PATCH", "iam", f"v1/{ROLE}", {"title": "x"}, updateMask="title").status == 400
    assert google.get("iam", f"v1/{ROLE}")["deleted"]
    assert google.get("iam", ROLES) == {}
    assert google.get("iam", ROLES, showDeleted="true")["roles"][0]["name"] == ROLE
    assert "deleted" not in google.post("iam", f"v1/{ROLE}:undelete", {})
    assert may(google)


def test_a_deleted_role_gives_nobody_anything_new(google: Google) -> None:
    create(google, GET)
    google.delete("iam", f"v1/{ROLE}")
    policy = {"policy": {"bindings": [{"role": ROLE, "members": [USER]}]}}
    refused = google.refused("POST", "cloudresourcemanager", f"v3/{NAME}:setIamPolicy", policy)
    assert "does not exist in the resource's hierarchy" in refused.message


def test_a_deleted_role_is_gone_after_a_week_and_its_id_is_free_a_month_later(google: Google) -> None:
    create(google, GET)
    google.delete("iam", f"v1/{ROLE}")
    google.now += 7 * DAY
    assert google.refused("GET", "iam", f"v1/{ROLE}").status == 404
    assert google.refused("POST", "iam", f"v1/{ROLE}:undelete", {}).status == 404
    assert google.refused("POST", "iam", ROLES, {"roleId": "l3kit.mover", "role": {}}).status == 400
    google.now += 30 * DAY
    assert create(google, GET)["name"] == ROLE


def test_a_changed_role_takes_effect_late(make: Make) -> None:
    google = make(binding_seconds=120)
    create(google)
    google.allow(USER, ROLE)
    google.now += 120
    google.patch("iam", f"v1/{ROLE}", {"includedPermissions": [GET]}, updateMask="includedPermissions")
    google.now += 119
    assert not may(google)
    google.now += 1
    assert may(google)


def test_an_old_etag_is_refused(google: Google) -> None:
    made = create(google, GET)
    google.patch("iam", f"v1/{ROLE}", {"title": "Another"}, updateMask="title")
    body = {"title": "A third", "etag": made["etag"]}
    assert google.refused("PATCH", "iam", f"v1/{ROLE}", body, updateMask="title").code == "ABORTED"


@pytest.mark.parametrize(
    "body",
    [
        {"roleId": "with-hyphen", "role": {}},
        {"roleId": "ab", "role": {}},
        {"roleId": "fine", "role": {"includedPermissions": ["datastore.entities.paint"]}},
        {"roleId": "fine", "role": {"title": "x" * 101}},
    ],
)
def test_a_role_that_google_refuses_is_refused(google: Google, body: dict[str, Any]) -> None:
    assert google.refused("POST", "iam", ROLES, body).code == "INVALID_ARGUMENT"


def test_googles_own_roles_are_shown_and_have_known_permissions(google: Google) -> None:
    shown = google.get("iam", "v1/roles/run.invoker")
    assert shown["includedPermissions"] == ["run.jobs.run", "run.routes.invoke"]
    assert google.refused("GET", "iam", "v1/roles/unheard.of").status == 404


@pytest.mark.parametrize(
    ("role", "has", "lacks"),
    [
        ("storage.objectViewer", "storage.objects.get", "storage.objects.create"),
        ("storage.objectCreator", "storage.objects.create", "storage.objects.get"),
        ("storage.objectUser", "storage.objects.delete", "storage.objects.setIamPolicy"),
        ("storage.legacyBucketReader", "storage.buckets.get", "storage.objects.get"),
        ("datastore.user", "datastore.entities.delete", "datastore.databases.delete"),
        ("datastore.viewer", "datastore.entities.list", "datastore.entities.update"),
        ("cloudfunctions.developer", "cloudfunctions.functions.create", "cloudfunctions.functions.setIamPolicy"),
        ("iam.serviceAccountAdmin", "iam.serviceAccounts.delete", "iam.serviceAccounts.actAs"),
        ("iam.serviceAccountTokenCreator", "iam.serviceAccounts.getOpenIdToken", "iam.serviceAccounts.actAs"),
        ("owner", "storage.buckets.delete", "storage.objects.get"),
        ("editor", "pubsub.topics.create", "resourcemanager.projects.setIamPolicy"),
        ("viewer", "run.services.get", "datastore.entities.get"),
    ],
)
def test_predefined_roles_are_no_wider_than_googles(role: str, has: str, lacks: str) -> None:
    permissions = predefined(f"roles/{role}")
    assert permissions is not None
    assert permissions <= KNOWN
    assert (has in permissions, lacks in permissions) == (True, False)
