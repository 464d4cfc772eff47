"""Functions: built and served, changed, failed, and deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.google_plane import EVERY_API, LOCATION, NAME, PROJECT, Google

Make = Callable[..., Google]
FUNCTIONS = f"v2/{LOCATION}/functions"
PATH = f"{FUNCTIONS}/some-function"
CPU = {"availableCpu": "1"}


def begin(google: Google, one: str = "some-function", **service: Any) -> Any:
    builder = google.build_account()
    body = google.function(builder, google.account("runs-it"), **service)
    return google.post("cloudfunctions", FUNCTIONS, body, functionId=one)


def test_a_function_is_served_at_its_url_with_its_settings(google: Google) -> None:
    ended = google.deployed(environmentVariables={"NAME": "ä"}, timeoutSeconds=540, availableMemory="512Mi")
    function = ended["response"]
    assert (function["state"], function["environment"], function["labels"]) == (
        "ACTIVE",
        "GEN_2",
        {"l3kit-twin": "weather"},
    )
    service = function["serviceConfig"]
    assert service["uri"] == "https://some-function-memory-uc.a.run.app"
    assert (service["service"], service["availableCpu"]) == (f"{LOCATION}/services/some-function", "0.3333")
    spec, code = google.effects.deployed["some-function"]
    assert (spec.settings, spec.timeout, spec.account, code) == (
        {"NAME": "ä"},
        540,
        f"some-function-runs@{PROJECT}.iam.gserviceaccount.com",
        b"zip",
    )
    assert google.get("cloudfunctions", PATH)["serviceConfig"] == service
    assert google.get("cloudfunctions", FUNCTIONS)["functions"][0]["name"] == PATH.removeprefix("v2/")
    assert google.plane.account_of("some-function") == spec.account
    assert google.plane.account_of("another") is None


def test_a_function_is_deploying_until_its_operation_ends(make: Make) -> None:
    google = make(operation_seconds={"cloudfunctions": 90})
    begun = begin(google)
    assert begun["metadata"]["operationType"] == "CREATE_FUNCTION"
    assert google.get("cloudfunctions", PATH)["state"] == "DEPLOYING"
    google.now += 90
    assert google.ended("cloudfunctions", "v2", begun)["response"]["state"] == "ACTIVE"


def test_a_name_that_is_taken_is_told_by_the_operation(google: Google) -> None:
    google.function_is_there()
    body = google.function(
        f"{NAME}/serviceAccounts/builder@{PROJECT}.iam.gserviceaccount.com", google.account("another-one")
    )
    begun = google.post("cloudfunctions", FUNCTIONS, body, functionId="some-function")
    error = google.ended("cloudfunctions", "v2", begun)["error"]
    assert (error["code"], "already exists" in error["message"]) == (6, True)
    assert google.get("cloudfunctions", PATH)["state"] == "ACTIVE"


@pytest.mark.parametrize(("answer", "status"), [("NOT_FOUND", 404), ("INVALID_ARGUMENT", 400)])
def test_a_fresh_account_is_not_known_to_functions(make: Make, answer: str, status: int) -> None:
    google = make(unknown_account_seconds=60, answer_of_unknown=answer)
    builder = google.account("builds-it")
    google.now += 60
    body = google.function(f"{NAME}/serviceAccounts/{builder}", google.account("runs-it"))
    refused = google.refused("POST", "cloudfunctions", FUNCTIONS, body, functionId="some-function")
    assert (refused.status, "runs-it@" in refused.message) == (status, True)
    google.now += 60
    google.post("cloudfunctions", FUNCTIONS, body, functionId="some-function")


def test_a_build_account_without_its_rights_fails_the_build(google: Google) -> None:
    builder = f"{NAME}/serviceAccounts/{google.account('builds-it')}"
    body = google.function(builder, google.account("runs-it"))
    begun = google.post("cloudfunctions", FUNCTIONS, body, functionId="some-function")
    error = google.ended("cloudfunctions", "v2", begun)["error"]
    assert "missing permission on the build service account" in error["message"]
    assert "artifactregistry.repositories.uploadArtifacts" in error["message"]
    assert google.get("cloudfunctions", PATH)["state"] == "FAILED"
    assert google.effects.deployed == {}


def test_the_default_build_account_has_no_rights_unless_the_project_is_old(make: Make) -> None:
    for former in (False, True):
        google = make(former_build_rights=former)
        body = google.function("", google.account("runs-it"))
        del body["buildConfig"]["serviceAccount"]
        begun = google.post("cloudfunctions", FUNCTIONS, body, functionId="some-function")
        assert ("response" in google.ended("cloudfunctions", "v2", begun)) is former


def test_an_api_that_a_build_needs_must_be_enabled(make: Make) -> None:
    google = make(enabled=EVERY_API - {"cloudbuild.googleapis.com"})
    assert "Cloud Build API has not been used" in google.deployed()["error"]["message"]


def test_a_function_that_failed_is_there_and_is_repaired_by_a_patch(google: Google) -> None:
    google.effects.broken = "Build failed with status: FAILURE and message: no main.py"
    ended = google.deployed()
    assert (ended["error"]["code"], "no main.py" in ended["error"]["message"]) == (3, True)
    google.effects.broken = ""
    body = {"buildConfig": {"source": {"storageSource": google.uploaded(b"better")}}}
    begun = google.patch("cloudfunctions", PATH, body, updateMask="buildConfig.source")
    assert google.ended("cloudfunctions", "v2", begun)["response"]["state"] == "ACTIVE"
    assert google.effects.deployed["some-function"][1] == b"better"


def test_a_patch_that_fails_leaves_the_former_function_serving(google: Google) -> None:
    google.function_is_there()
    google.effects.broken = "Build failed"
    body = {"serviceConfig": {"timeoutSeconds": 120}}
    begun = google.patch("cloudfunctions", PATH, body, updateMask="serviceConfig.timeoutSeconds")
    assert "error" in google.ended("cloudfunctions", "v2", begun)
    there = google.get("cloudfunctions", PATH)
    assert (there["state"], there["serviceConfig"]["timeoutSeconds"]) == ("ACTIVE", 60)
    assert there["stateMessages"][0]["severity"] == "ERROR"


def test_a_patch_changes_what_its_mask_names_with_the_code_that_is_there(google: Google) -> None:
    google.deployed(environmentVariables={"A": "1"})
    body = {"serviceConfig": {"timeoutSeconds": 120, "environmentVariables": {"A": "2"}}, "labels": {"not": "named"}}
    begun = google.patch("cloudfunctions", PATH, body, updateMask="serviceConfig.timeoutSeconds")
    function = google.ended("cloudfunctions", "v2", begun)["response"]
    assert function["serviceConfig"]["environmentVariables"] == {"A": "1"}
    assert (function["serviceConfig"]["timeoutSeconds"], function["labels"]) == (120, {"l3kit-twin": "weather"})
    assert function["serviceConfig"]["revision"].startswith("some-function-00002-")
    assert google.effects.deployed["some-function"][1] == b"zip"


def test_two_changes_at_once_are_one_too_many(make: Make) -> None:
    google = make(operation_seconds={"cloudfunctions": 90})
    begin(google)
    refused = google.refused("PATCH", "cloudfunctions", PATH, {"labels": {}}, updateMask="labels")
    assert (refused.status, refused.code) == (409, "ABORTED")
    assert google.refused("DELETE", "cloudfunctions", PATH).status == 409


def test_a_deleted_function_is_gone_with_its_service_and_its_policy(google: Google) -> None:
    google.function_is_there()
    service = f"{LOCATION}/services/some-function"
    public = {"policy": {"bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]}}
    google.post("run", f"v2/{service}:setIamPolicy", public)
    assert google.ended("cloudfunctions", "v2", google.delete("cloudfunctions", PATH))["done"]
    assert google.refused("GET", "cloudfunctions", PATH).status == 404
    assert google.refused("GET", "run", f"v2/{service}").status == 404
    assert google.effects.deployed == {}
    assert google.plane.judge.refusal(None, "run.routes.invoke", service) is not None
    assert google.refused("DELETE", "cloudfunctions", PATH).status == 404
    kept = google.get("storage", "storage/v1/b", project=PROJECT)["items"]
    assert [one["name"].partition("-1")[0] for one in kept] == ["gcf-v2-sources"]


def test_who_deploys_acts_as_the_functions_account(google: Google) -> None:
    builder = google.build_account()
    deployer = "deployer@example.com"
    google.allow(f"user:{deployer}", "roles/cloudfunctions.admin")
    body = google.function(builder, google.account("runs-it"))
    refused = google.refused("POST", "cloudfunctions", FUNCTIONS, body, functionId="some-function", caller=deployer)
    assert (refused.status, "iam.serviceAccounts.actAs" in refused.message) == (403, True)
    google.allow(f"user:{deployer}", "roles/iam.serviceAccountUser")
    google.post("cloudfunctions", FUNCTIONS, body, functionId="some-function", caller=deployer)


def test_many_requests_at_once_need_a_whole_cpu(google: Google) -> None:
    error = google.deployed(maxInstanceRequestConcurrency=4)["error"]
    assert "Total cpu < 1 is not supported with concurrency > 1" in error["message"]
    assert google.deployed("other-function", maxInstanceRequestConcurrency=4, **CPU)["response"]["state"] == "ACTIVE"


@pytest.mark.parametrize(
    ("one", "path", "value"),
    [
        ("Upper", "", None),
        ("x" * 64, "", None),
        ("fine", "buildConfig.runtime", "python27"),
        ("fine", "buildConfig.entryPoint", ""),
        ("fine", "buildConfig.source", {}),
        ("fine", "buildConfig.source", {"storageSource": {"bucket": "b", "object": "none.zip"}}),
        ("fine", "environment", "GEN_1"),
        ("fine", "labels", {"Upper": "x"}),
        ("fine", "labels", {"digest": "x" * 64}),
        ("fine", "serviceConfig.timeoutSeconds", 3601),
        ("fine", "serviceConfig.availableMemory", "much"),
        ("fine", "serviceConfig.environmentVariables", {"PORT": "1"}),
        ("fine", "serviceConfig.environmentVariables", {"with space": "1"}),
        ("fine", "serviceConfig.environmentVariables", {"BIG": "x" * 33_000}),
    ],
)
def test_a_function_that_google_refuses_is_refused(google: Google, one: str, path: str, value: object) -> None:
    body = google.function(google.build_account(), google.account("runs-it"))
    place: Any = body
    *above, last = path.split(".")
    for part in above:
        place = place[part]
    if last:
        place[last] = value
    refused = google.refused("POST", "cloudfunctions", FUNCTIONS, body, functionId=one)
    assert (refused.status, refused.code) == (400, "INVALID_ARGUMENT")
    assert google.get("cloudfunctions", FUNCTIONS) == {}


def test_no_more_functions_than_the_quota_allows(make: Make) -> None:
    google = make(quotas={"functions": 0})
    body = google.function(google.build_account(), google.account("runs-it"))
    assert google.refused("POST", "cloudfunctions", FUNCTIONS, body, functionId="some-function").status == 429
