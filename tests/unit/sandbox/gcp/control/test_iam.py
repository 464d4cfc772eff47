"""Policies, and the judge of who may do what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from l3kit.sandbox.gcp.control.iam import seen_by_conditions
from l3kit.sandbox.gcp.control.settings import Organization
from tests.support.google_memory import OWNER
from tests.support.google_plane import LOCATION, NAME, Google

Make = Callable[..., Google]
RESOURCES = "cloudresourcemanager"
GET, SET = f"v3/{NAME}:getIamPolicy", f"v3/{NAME}:setIamPolicy"
VERSION = {"options": {"requestedPolicyVersion": 3}}
USER = "user:somebody@example.com"
DATABASE = f"{NAME}/databases/some-data"
ONLY = {"title": "one database", "expression": f'resource.name == "{DATABASE}"'}


def policy_of(google: Google) -> dict[str, Any]:
    return dict(google.post(RESOURCES, GET, VERSION))


def binding(role: str, *members: str) -> dict[str, Any]:
    return {"role": role, "members": list(members)}


def set_policy(google: Google, *bindings: dict[str, Any], **more: Any) -> Any:
    kept = [binding("roles/owner", f"user:{OWNER}")]
    return google.post(RESOURCES, SET, {"policy": {"bindings": [*kept, *bindings], **more}})


def refusal(google: Google, *bindings: dict[str, Any], **more: Any) -> Any:
    return google.refused("POST", RESOURCES, SET, {"policy": {"bindings": list(bindings), **more}})


def may(google: Google, member: str | None, permission: str, resource: str) -> bool:
    email = member.partition(":")[2] if member else None
    return google.plane.judge.refusal(email, permission, resource) is None


def test_a_change_by_another_in_between_is_aborted(google: Google) -> None:
    read = policy_of(google)
    set_policy(google, binding("roles/run.viewer", USER), etag=read["etag"])
    refused = refusal(google, etag=read["etag"])
    assert (refused.status, refused.code) == (409, "ABORTED")
    assert "concurrent policy changes" in refused.message


def test_without_an_etag_the_last_one_wins(google: Google) -> None:
    set_policy(google, binding("roles/run.viewer", USER))
    set_policy(google)
    assert [one["role"] for one in policy_of(google)["bindings"]] == ["roles/owner"]


def test_bindings_come_back_joined_and_sorted(google: Google) -> None:
    one, other = "user:a@example.com", "user:b@example.com"
    role = "roles/run.viewer"
    answer = set_policy(google, binding(role, other), binding(role, one, other), binding("roles/run.admin"))
    assert answer["bindings"][1:] == [binding(role, one, other)]
    assert answer["version"] == 1


def test_a_service_account_that_does_not_exist_is_refused(google: Google) -> None:
    email = f"nobody@{NAME.partition('/')[2]}.iam.gserviceaccount.com"
    refused = refusal(google, binding("roles/run.viewer", f"serviceAccount:{email}"))
    assert (refused.status, refused.message) == (400, f"Service account {email} does not exist.")


def test_a_fresh_service_account_is_unknown_for_a_while(make: Make) -> None:
    google = make(unknown_account_seconds=60)
    member = f"serviceAccount:{google.account('fresh-account')}"
    google.now += 59
    assert refusal(google, binding("roles/run.viewer", member)).status == 400
    google.now += 1
    assert set_policy(google, binding("roles/run.viewer", member))["bindings"][1]["members"] == [member]


def test_a_binding_takes_effect_late_and_so_does_its_end(make: Make) -> None:
    google = make(binding_seconds=120)
    set_policy(google, binding("roles/datastore.user", USER))
    google.now += 119
    assert not may(google, USER, "datastore.entities.get", DATABASE)
    google.now += 1
    assert may(google, USER, "datastore.entities.get", DATABASE)
    set_policy(google)
    google.now += 119
    assert may(google, USER, "datastore.entities.get", DATABASE)
    google.now += 1
    assert not may(google, USER, "datastore.entities.get", DATABASE)


def test_a_binding_that_was_taken_before_it_took_effect_never_does(make: Make) -> None:
    google = make(binding_seconds=120)
    set_policy(google, binding("roles/datastore.user", USER))
    google.now += 60
    set_policy(google)
    google.now += 100
    assert not may(google, USER, "datastore.entities.get", DATABASE)


def test_a_condition_limits_a_role_to_one_database(google: Google) -> None:
    set_policy(google, {**binding("roles/datastore.user", USER), "condition": ONLY}, version=3)
    assert may(google, USER, "datastore.entities.create", DATABASE)
    assert may(google, USER, "datastore.entities.create", f"{DATABASE}/documents/a/b")
    assert not may(google, USER, "datastore.entities.create", f"{NAME}/databases/other-data")
    assert not may(google, USER, "datastore.databases.delete", DATABASE)


def test_conditions_need_version_3_and_are_hidden_from_older_readers(google: Google) -> None:
    conditional = {**binding("roles/datastore.user", USER), "condition": ONLY}
    assert "version 3" in refusal(google, conditional).message
    assert set_policy(google, conditional, version=3)["version"] == 3
    assert policy_of(google)["bindings"][0] == conditional
    old = google.post(RESOURCES, GET, {})
    assert (old["version"], old["bindings"][0]["role"].startswith("roles/datastore.user_withcond_")) == (1, True)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({**binding("roles/owner", USER), "condition": ONLY}, "primitive"),
        ({**binding("roles/run.invoker", "allUsers"), "condition": ONLY}, "allUsers"),
        ({**binding("roles/run.viewer", USER), "condition": {"expression": "true"}}, "title"),
        (
            {**binding("roles/run.viewer", USER), "condition": {"title": "t", "expression": "maybe"}},
            "Invalid expression",
        ),
        (binding("roles/unheard.of", USER), "not supported"),
        (binding(f"{NAME}/roles/none", USER), "does not exist"),
        (binding("roles/run.viewer", "somebody@example.com"), "unknown type"),
        (binding("roles/run.viewer", "user:nobody"), "Invalid member"),
        (binding("roles/run.viewer", "projectOwner:memory-project"), "Invalid member"),
        (binding("roles/run.viewer", "user:a@memory-project.iam.gserviceaccount.com"), "serviceAccount"),
    ],
)
def test_a_policy_that_google_refuses_is_refused(google: Google, given: dict[str, Any], words: str) -> None:
    refused = refusal(google, given, version=3)
    assert (refused.status, words in refused.message) == (400, True), refused.message


def test_an_organization_can_forbid_everybody(make: Make) -> None:
    google = make(organization=Organization(public_members=False))
    google.function_is_there()
    path = f"v2/{LOCATION}/services/some-function:setIamPolicy"
    refused = google.refused("POST", "run", path, {"policy": {"bindings": [binding("roles/run.invoker", "allUsers")]}})
    assert (refused.status, refused.code) == (400, "FAILED_PRECONDITION")
    assert "organization policy" in refused.message


def test_everybody_may_invoke_a_public_service_and_nobody_another(google: Google) -> None:
    google.function_is_there()
    service = f"{LOCATION}/services/some-function"
    assert not may(google, None, "run.routes.invoke", service)
    body = {"policy": {"bindings": [binding("roles/run.invoker", "allUsers")]}}
    google.post("run", f"v2/{service}:setIamPolicy", body)
    assert may(google, None, "run.routes.invoke", service)
    assert not may(google, None, "run.services.get", service)
    signed_in = {"policy": {"bindings": [binding("roles/run.invoker", "allAuthenticatedUsers")]}}
    google.post("run", f"v2/{service}:setIamPolicy", signed_in)
    assert (may(google, None, "run.routes.invoke", service), may(google, USER, "run.routes.invoke", service)) == (
        False,
        True,
    )


def test_a_deleted_account_is_marked_and_the_next_of_its_name_has_nothing(google: Google) -> None:
    email = google.account("some-account")
    google.allow(f"serviceAccount:{email}", "roles/datastore.user")
    assert may(google, f"serviceAccount:{email}", "datastore.entities.get", DATABASE)
    google.delete("iam", f"v1/{NAME}/serviceAccounts/{email}")
    member = policy_of(google)["bindings"][0]["members"][0]
    assert member.startswith(f"deleted:serviceAccount:{email}?uid=")
    google.account("some-account")
    assert not may(google, f"serviceAccount:{email}", "datastore.entities.get", DATABASE)
    set_policy(google, *policy_of(google)["bindings"])


def test_an_owner_has_everything_but_the_tokens_of_accounts(google: Google) -> None:
    asked = ["datastore.databases.create", "run.services.setIamPolicy", "iam.serviceAccounts.getOpenIdToken"]
    found = google.post(RESOURCES, f"v3/{NAME}:testIamPermissions", {"permissions": asked})
    assert found["permissions"] == asked[:2]


def test_permissions_of_somebody_without_any_are_an_empty_answer(google: Google) -> None:
    asked = {"permissions": ["datastore.databases.create"]}
    assert google.post(RESOURCES, f"v3/{NAME}:testIamPermissions", asked, caller="stranger@example.com") == {}
    wrong = {"permissions": ["datastore.databases.paint"]}
    assert "not valid" in google.refused("POST", RESOURCES, f"v3/{NAME}:testIamPermissions", wrong).message


def test_conditions_do_not_see_image_repositories(google: Google) -> None:
    """So a role on them under a condition is none (IAM, "Resource attributes for IAM Conditions")."""
    images = f"{LOCATION}/repositories/gcf-artifacts"
    assert seen_by_conditions(images).name == ""
    assert seen_by_conditions(f"{DATABASE}/documents/a/b").name == DATABASE
