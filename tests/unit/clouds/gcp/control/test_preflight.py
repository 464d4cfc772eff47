"""Preflight: billing, APIs, region and permissions are known before anything is made; what cannot be asked is noted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from l3kit.clouds.gcp.control.apis import NEEDED
from l3kit.clouds.gcp.control.permissions import REQUIRED_PERMISSIONS
from l3kit.clouds.gcp.control.place import Place
from l3kit.clouds.gcp.control.preflight import preflight
from l3kit.clouds.ports.control import Refusal
from l3kit.errors import ConfigurationError, PermissionMissingError, ProvisioningError
from l3kit.twin.config import Twin
from tests.support.canned_control import CannedControl, disabled
from tests.support.twins import twin_on
from tests.unit.clouds.gcp.control.watched import watched_twin

PROJECT, REGION = "plant-7", "europe-west1"
ALL = {name for row in REQUIRED_PERMISSIONS for name in row.permissions}
BILLING = f"GET cloudbilling.googleapis.com/v1/projects/{PROJECT}/billingInfo"
SERVICES = f"GET serviceusage.googleapis.com/v1/projects/{PROJECT}/services:batchGet"
TEST = f"POST cloudresourcemanager.googleapis.com/v3/projects/{PROJECT}:testIamPermissions"
FUNCTIONS = f"GET cloudfunctions.googleapis.com/v2/projects/{PROJECT}/locations"
SCHEDULER = f"GET cloudscheduler.googleapis.com/v1/projects/{PROJECT}/locations"
FIRESTORE = f"GET firestore.googleapis.com/v1/projects/{PROJECT}/locations"
Tested = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def services(*off: str) -> dict[str, Any]:
    states = {name: "DISABLED" if name in off else "ENABLED" for name in NEEDED}
    return {"services": [{"name": f"projects/1/services/{name}", "state": state} for name, state in states.items()]}


def holding(*lacking: str) -> Tested:
    return lambda body: {"permissions": [name for name in body["permissions"] if name not in lacking]}


def places(*regions: str) -> dict[str, Any]:
    return {"locations": [{"locationId": name} for name in (*regions, "us-central1")]}


def control(**changed: Any) -> CannedControl:
    answers: dict[str, Any] = {
        BILLING: {"billingEnabled": True},
        SERVICES: services(),
        TEST: holding(),
        FUNCTIONS: places(REGION),
        SCHEDULER: places(REGION),
        FIRESTORE: places(REGION),
    }
    return CannedControl({**answers, **{globals()[name]: answer for name, answer in changed.items()}})


@pytest.fixture
def twin(tmp_path: Path) -> Twin:
    return twin_on(tmp_path, "gcp", "gcp", "gcp")


def checked(twin: Twin, control: CannedControl) -> tuple[str, ...]:
    return preflight(twin, "gcp", Place(control, PROJECT, REGION))


def test_a_project_that_has_everything_is_noted_with_nothing(twin: Twin) -> None:
    asked = control()
    assert checked(twin, asked) == ()
    tested = [name for request, body in asked.asked if request == TEST for name in body["permissions"]]
    assert {"datastore.databases.create", "storage.buckets.create", "cloudfunctions.functions.create"} <= {*tested}
    assert "serviceusage.services.enable" not in tested
    assert max(len(body["permissions"]) for request, body in asked.asked if request == TEST) <= 100


def test_missing_permissions_are_listed_with_the_roles_that_hold_them(twin: Twin) -> None:
    lacking = ("storage.buckets.create", "storage.buckets.delete", "iam.roles.create", "logging.logEntries.list")
    with pytest.raises(PermissionMissingError) as caught:
        checked(twin, control(TEST=holding(*lacking)))
    assert str(caught.value).startswith(
        f"deploying {twin.name}: 3 permissions of project plant-7 missing, nothing was created: "
        "roles/iam.roleAdmin: iam.roles.create; roles/storage.admin: storage.buckets.create, storage.buckets.delete."
    )
    assert f"`l3kit permissions gcp --twin {twin.name} --json`" in caught.value.remedy


def test_permissions_for_alarms_are_asked_for_only_where_a_twin_has_some(twin: Twin, tmp_path: Path) -> None:
    lacking = ("monitoring.alertPolicies.list", "logging.logMetrics.create")
    assert checked(twin, control(TEST=holding(*lacking))) == ()
    (tmp_path / "watched").mkdir()
    with pytest.raises(PermissionMissingError, match=r"2 permissions .*: roles/monitoring.viewer: .*; roles/logging"):
        checked(watched_twin(tmp_path / "watched"), control(TEST=holding(*lacking)))


def test_what_only_other_commands_need_is_a_note(twin: Twin) -> None:
    assert checked(twin, control(TEST=holding("logging.logEntries.list"))) == (
        "Whoever runs this may deploy, but not logging.logEntries.list: needed for logs.",
    )


def test_an_api_that_is_off_needs_the_permission_to_switch_it_on(twin: Twin) -> None:
    off = services("pubsub.googleapis.com")
    assert checked(twin, control(SERVICES=off)) == ()
    with pytest.raises(PermissionMissingError) as caught:
        checked(twin, control(SERVICES=off, TEST=holding("serviceusage.services.enable")))
    assert "roles/serviceusage.serviceUsageAdmin: serviceusage.services.enable" in caught.value.cause
    assert caught.value.cause.endswith("pubsub.googleapis.com must be switched on")


def test_a_permission_that_cannot_be_tested_is_noted_and_the_others_are_tested(twin: Twin) -> None:
    def tested(body: Mapping[str, Any]) -> Mapping[str, Any]:
        if "run.services.getIamPolicy" in body["permissions"]:
            raise Refusal(
                400, "INVALID_ARGUMENT", "Permission run.services.getIamPolicy is not valid for this resource."
            )
        return holding("iam.roles.get")(body)

    with pytest.raises(
        PermissionMissingError,
        match=r"1 permission of project plant-7 missing, .*: roles/iam\.roleAdmin: iam\.roles\.get",
    ):
        checked(twin, control(TEST=tested))
    found = checked(twin, control(TEST=lambda body: tested(body) | holding()(body)))
    assert found == ("Permissions could not be checked beforehand: run.services.getIamPolicy.",)


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (disabled("cloudresourcemanager.googleapis.com"), "cloudresourcemanager.googleapis.com is not enabled"),
        (Refusal(403, "PERMISSION_DENIED", "no"), "PERMISSION_DENIED"),
        (Refusal(400, "INVALID_ARGUMENT", "Something else."), "INVALID_ARGUMENT"),
    ],
)
def test_permissions_that_cannot_be_asked_for_are_a_note(twin: Twin, refusal: Refusal, said: str) -> None:
    found = checked(twin, control(TEST=refusal))
    assert found == (f"Permissions could not be checked beforehand (testIamPermissions: {said}).",)


def test_a_project_without_billing_is_refused_and_one_that_does_not_tell_is_not(twin: Twin) -> None:
    with pytest.raises(ProvisioningError, match="project plant-7: has no open billing account; nothing was created"):
        checked(twin, control(BILLING={"name": "projects/plant-7/billingInfo", "billingEnabled": False}))
    assert checked(twin, control(BILLING=disabled("cloudbilling.googleapis.com"))) == ()


@pytest.mark.parametrize(
    ("service", "title"),
    [("FUNCTIONS", "Cloud Run functions"), ("SCHEDULER", "Cloud Scheduler"), ("FIRESTORE", "Firestore")],
)
def test_a_region_without_a_service_is_refused_with_others_that_have_it(twin: Twin, service: str, title: str) -> None:
    without = control(**{service: places("europe-west4", "europe-west9")})
    with pytest.raises(ConfigurationError) as caught:
        checked(twin, without)
    assert str(caught.value) == (
        f"region europe-west1: has no {title}; nothing was created. "
        "Set gcp_region to one that has it, such as europe-west4, europe-west9"
    )


def test_regions_are_not_asked_of_an_api_that_is_off_and_noted_where_they_are_hidden(twin: Twin) -> None:
    off = control(SERVICES=services("cloudscheduler.googleapis.com"), SCHEDULER=places())
    assert checked(twin, off) == ()
    hidden = control(FUNCTIONS=Refusal(403, "PERMISSION_DENIED", "no"))
    (note,) = checked(twin, hidden)
    assert note == "Whether europe-west1 has Cloud Run functions could not be checked (PERMISSION_DENIED)."


def test_regions_come_in_pages(twin: Twin) -> None:
    def pages(query: Mapping[str, str]) -> Mapping[str, Any]:
        return places(REGION) if query.get("pageToken") == "2" else {"locations": [], "nextPageToken": "2"}

    assert checked(twin, control(FUNCTIONS=pages)) == ()


def test_a_project_that_does_not_list_its_apis_says_what_to_switch_on(twin: Twin) -> None:
    with pytest.raises(ProvisioningError, match=r"serviceusage\.googleapis\.com is not enabled; nothing was created"):
        checked(twin, control(SERVICES=disabled("serviceusage.googleapis.com")))
    assert checked(twin, control(SERVICES=Refusal(403, "PERMISSION_DENIED", "no"))) == ()
