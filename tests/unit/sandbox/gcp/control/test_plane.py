"""Every request from the token to the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from l3kit.sandbox.gcp.control.answers import ControlRequest
from l3kit.sandbox.gcp.control.faults import ArrangedFault
from tests.support.google_plane import HOST, LOCATION, NAME, REGION, Google

Make = Callable[..., Google]
PROJECT_PATH = f"v3/{NAME}"
RESOURCES = "cloudresourcemanager"


def test_a_call_without_a_token_is_unauthenticated(google: Google) -> None:
    answer = google.send(ControlRequest(RESOURCES + HOST, "GET", PROJECT_PATH))
    assert (answer.status, answer.json()["error"]["status"]) == (401, "UNAUTHENTICATED")
    assert "WWW-Authenticate" in answer.headers


@pytest.mark.parametrize("header", ["Bearer nonsense", "Basic token-of:owner@l3kit.example", "token-of:x", "Bearer"])
def test_a_token_that_is_none_is_unauthenticated(google: Google, header: str) -> None:
    request = ControlRequest(RESOURCES + HOST, "GET", PROJECT_PATH, (), {"authorization": header})
    answer = google.send(request)
    assert (answer.status, answer.json()["error"]["details"][0]["reason"]) == (401, "ACCESS_TOKEN_TYPE_UNSUPPORTED")


def test_somebody_without_a_role_is_refused_with_the_permission(google: Google) -> None:
    refused = google.refused("GET", RESOURCES, PROJECT_PATH, caller="stranger@example.com")
    assert (refused.status, refused.code, refused.reasons) == (403, "PERMISSION_DENIED", ["IAM_PERMISSION_DENIED"])
    assert (
        refused.message
        == f"Permission 'resourcemanager.projects.get' denied on resource '{NAME}' (or it may not exist)."
    )


def test_another_project_is_refused_to_its_neighbours_owner(google: Google) -> None:
    assert google.refused("GET", RESOURCES, "v3/projects/another").status == 403
    asked = {"permissions": ["resourcemanager.projects.get"]}
    assert google.refused("POST", RESOURCES, "v3/projects/another:testIamPermissions", asked).status == 403


def test_a_project_is_named_by_its_number_too(google: Google) -> None:
    number = google.get(RESOURCES, PROJECT_PATH)["name"]
    assert google.get(RESOURCES, f"v3/{number}")["projectId"] == NAME.rpartition("/")[2]


def test_a_disabled_api_says_so_in_googles_form(make: Make) -> None:
    google = make(enabled=frozenset())
    refused = google.refused("GET", "firestore", f"v1/{NAME}/databases")
    assert (refused.status, refused.code) == (403, "PERMISSION_DENIED")
    assert "SERVICE_DISABLED" in refused.reasons
    assert "Cloud Firestore API has not been used in project" in refused.message
    storage = google.refused("GET", "storage", "storage/v1/b", project="memory-project")
    assert storage.reasons[:1] == ["accessNotConfigured"] or "SERVICE_DISABLED" in storage.reasons


def test_a_path_that_no_method_has_is_a_page_not_found(google: Google) -> None:
    answer = google.send(ControlRequest("run" + HOST, "GET", "v2/nothing/here"))
    assert (answer.status, answer.headers["Content-Type"].partition(";")[0]) == (404, "text/html")
    unknown = google.send(ControlRequest("elsewhere.example", "GET", ""))
    assert unknown.status == 404


def test_a_request_that_the_definitions_refuse_is_an_invalid_argument(google: Google) -> None:
    body = {"type": "FIRESTORE_NATIVE", "locationId": REGION, "colour": "blue"}
    refused = google.refused("POST", "firestore", f"v1/{NAME}/databases", body, databaseId="some-data")
    assert (refused.status, refused.code) == (400, "INVALID_ARGUMENT")
    assert google.get("firestore", f"v1/{NAME}/databases") == {}


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff\xfe", b'"x"', b"null"])
def test_a_broken_body_is_refused_and_ends_nothing(google: Google, body: bytes) -> None:
    headers = {"Authorization": f"Bearer token-of:{google.caller}"}
    request = ControlRequest("iam" + HOST, "POST", f"v1/{NAME}/roles", (), headers, body)
    assert google.send(request).status == 400
    assert google.get(RESOURCES, PROJECT_PATH)["state"] == "ACTIVE"


def test_an_error_inside_is_an_answer_without_its_text(google: Google, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> float:
        raise ValueError("secret")

    google.plane.project = replace(google.plane.project, clock=fail)
    google.plane._apis.operations.project = google.plane.project
    google.plane._apis.policies.project = google.plane.project
    headers = {"Authorization": f"Bearer token-of:{google.caller}"}
    answer = google.send(ControlRequest(RESOURCES + HOST, "GET", PROJECT_PATH, (), headers))
    assert (answer.status, answer.json()["error"]["status"]) == (500, "INTERNAL")
    assert b"secret" not in answer.body
    assert "secret" not in caplog.text


@pytest.mark.parametrize(("status", "code"), [(503, "UNAVAILABLE"), (429, "RESOURCE_EXHAUSTED"), (500, "INTERNAL")])
def test_arranged_faults_come_before_the_work(google: Google, status: int, code: str) -> None:
    google.plane.faults.arrange(ArrangedFault("iam.projects.serviceAccounts.create", status, times=2, wait=7))
    body = {"accountId": "some-account"}
    for _ in range(2):
        refused = google.refused("POST", "iam", f"v1/{NAME}/serviceAccounts", body)
        assert (refused.status, refused.code) == (status, code)
    assert google.get("iam", f"v1/{NAME}/serviceAccounts") == {}
    google.post("iam", f"v1/{NAME}/serviceAccounts", body)


def test_an_answer_can_be_lost_after_the_work(google: Google) -> None:
    google.plane.faults.arrange(ArrangedFault("iam.*.create", after=True))
    assert google.refused("POST", "iam", f"v1/{NAME}/serviceAccounts", {"accountId": "some-account"}).status == 503
    assert google.refused("POST", "iam", f"v1/{NAME}/serviceAccounts", {"accountId": "some-account"}).status == 409


def test_lists_come_in_pages(google: Google) -> None:
    for number in range(5):
        google.put("pubsub", f"v1/{NAME}/topics/topic-{number}", {})
    first = google.get("pubsub", f"v1/{NAME}/topics", pageSize="2")
    second = google.get("pubsub", f"v1/{NAME}/topics", pageSize="3", pageToken=first["nextPageToken"])
    names = [one["name"].rpartition("/")[2] for page in (first, second) for one in page["topics"]]
    assert (names, "nextPageToken" in second) == ([f"topic-{number}" for number in range(5)], False)
    assert google.refused("GET", "pubsub", f"v1/{NAME}/topics", pageToken="nonsense").status == 400


def test_the_region_without_the_service_is_not_in_its_list(google: Google) -> None:
    found = google.get("cloudfunctions", f"v2/{NAME}/locations")["locations"]
    assert [one["locationId"] for one in found] == [REGION]
    path = f"v2/{LOCATION.replace(REGION, 'mars-north1')}/functions:generateUploadUrl"
    assert google.refused("POST", "cloudfunctions", path, {}).status == 403
