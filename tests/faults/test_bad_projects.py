"""Projects of Google Cloud that cannot have a twin yet: told with cause and remedy; the next apply completes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from l3kit.clouds.gcp.cloud import GcpCloud
from l3kit.clouds.gcp.control.buckets import Bucket
from l3kit.clouds.gcp.control.place import FIRESTORE, FUNCTIONS, IAM, STORAGE
from l3kit.deploy.run import apply, plan
from l3kit.errors import ConfigurationError, L3Error, ProvisioningError
from l3kit.sandbox.gcp.control.settings import Organization, PlaneSettings
from l3kit.session import Session
from tests.support.control_plane import PROJECT
from tests.support.google_plane import EVERY_API
from tests.support.google_twin import GoogleTwin

Make = Callable[..., GoogleTwin]
BILLING = "cloudbilling.googleapis.com"
ADDRESS = "link address"
WEEK = 7 * 86_400


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[GoogleTwin] = []

    def one(*, reader_urls: bool = False, **settings: object) -> GoogleTwin:
        plane = replace(PlaneSettings(enabled=EVERY_API), **settings)  # type: ignore[arg-type]
        made.append(GoogleTwin(tmp_path, plane, reader_urls=reader_urls))
        made[-1].let_owner_empty_buckets()
        return made[-1]

    yield one
    for each in made:
        each.close()


def refused(twin: GoogleTwin, kind: type[L3Error] = ProvisioningError) -> str:
    """Return how apply is refused."""
    with pytest.raises(kind) as caught:
        twin.deploy()
    assert caught.value.resource
    assert caught.value.cause
    assert caught.value.remedy
    return str(caught.value)


def completes(twin: GoogleTwin) -> None:
    twin.deploy()
    assert twin.plan().changes == ()


def test_billing_that_is_off_is_told_before_anything_is_made(make: Make) -> None:
    twin = make(enabled=EVERY_API | {BILLING}, billing=False)
    twin.cloud.http.forget()
    words = refused(twin)
    assert words.startswith(
        f"project {PROJECT}: has no open billing account; nothing was created. Link a billing account"
    )
    assert all(one.endswith(":testIamPermissions") for one in twin.cloud.http.changes)
    twin.cloud.change(billing=True)
    completes(twin)


@pytest.mark.parametrize(
    ("off", "resource"),
    [(frozenset({FUNCTIONS}), f"update APIs of project {PROJECT}: "), (frozenset[str](), "create bucket plant-cold-")],
    ids=["APIs", "bucket"],
)
def test_billing_that_cannot_be_asked_about_is_told_at_the_step(make: Make, off: frozenset[str], resource: str) -> None:
    twin = make(enabled=EVERY_API - off, billing=False)
    words = refused(twin)
    assert words.startswith(resource)
    assert "the project has no billing account" in words
    assert "Link a billing account to the project" in words
    twin.cloud.change(billing=True)
    completes(twin)


def test_a_region_that_lacks_a_service_is_told_before_anything_is_made(make: Make) -> None:
    twin = make()
    elsewhere = replace(twin.cloud.session(), region="mars-north1")
    twin.cloud.http.forget()
    with pytest.raises(
        ConfigurationError, match=r"region mars-north1: has no .*; nothing was created\. Set gcp_region"
    ):
        plan(twin.twin, Session("live", {"gcp": GcpCloud(elsewhere)}))
    assert twin.cloud.http.changes == []
    completes(twin)


def test_an_organization_that_forbids_everybody_is_named_and_what_is_there_is_completed(make: Make) -> None:
    twin = make(reader_urls=True, organization=Organization(public_members=False))
    words = refused(twin)
    assert words.startswith("create function plant-hot-reader: ")
    assert "the organization's policy constraints/iam.allowedPolicyMemberDomains forbids it" in words
    assert "Ask the organization's administrator for an exception" in words
    assert "constraints/iam.allowedPolicyMemberDomains" in refused(twin)
    twin.cloud.change(organization=Organization())
    planned = twin.plan()
    # In memory nothing answers at an address.
    apply(replace(planned, steps=tuple(one for one in planned.steps if one.kind != ADDRESS)), twin.session)
    assert twin.plan().changes == ()


def test_an_organization_that_forces_soft_deletion_is_named(make: Make) -> None:
    twin = make(organization=Organization(soft_delete_seconds=WEEK))
    words = refused(twin)
    assert words.startswith("create bucket plant-cold-")
    assert "the organization's policy constraints/storage.softDeletePolicySeconds forbids it" in words
    twin.cloud.change(organization=Organization())
    completes(twin)


def test_the_id_of_a_deleted_database_that_rests_too_long_is_told(make: Make) -> None:
    twin = make(resting_seconds=1800)
    twin.deploy()
    twin.destroy()
    words = refused(twin)
    assert "the id of database l3kit-plant can be used again after a deletion: did not happen within 420 s" in words
    twin.cloud.time.sleep(1800)
    completes(twin)


def test_a_quota_that_is_used_up_is_told(make: Make) -> None:
    twin = make(quotas={"serviceAccounts": 2})
    words = refused(twin)
    assert words.startswith("create service account plant-")
    assert "RESOURCE_EXHAUSTED" in words
    twin.cloud.change(quotas={})
    completes(twin)


def test_an_api_that_was_disabled_meanwhile_is_enabled_again(make: Make) -> None:
    twin = make(enabled=EVERY_API - {"pubsub.googleapis.com", "run.googleapis.com"})
    (step,) = [one for one in twin.plan().changes if one.kind == "APIs of project"]
    assert step.action == "update"
    assert step.reason == "pubsub.googleapis.com, run.googleapis.com not enabled"
    completes(twin)


@pytest.mark.parametrize("kind", ["bucket", "account", "database"])
def test_after_the_stranger_has_left_the_next_apply_completes(make: Make, kind: str) -> None:
    twin = make()
    place, control = twin.cloud.place, twin.cloud.control
    names = place.names("plant")
    if kind == "bucket":
        Bucket(place, names.store("cold"), "other", "STANDARD").create()
        gone = lambda: control.delete(STORAGE, f"storage/v1/b/{names.store('cold')}")  # noqa: E731
    elif kind == "account":
        control.post(IAM, f"v1/projects/{PROJECT}/serviceAccounts", {"accountId": "plant-hot-reader"})
        email = place.email("plant-hot-reader")
        gone = lambda: control.delete(IAM, f"v1/projects/{PROJECT}/serviceAccounts/{email}")  # noqa: E731
    else:
        body = {"type": "DATASTORE_MODE", "locationId": place.region}
        parent = f"v1/projects/{PROJECT}/databases"
        control.post(FIRESTORE, parent, body, {"databaseId": names.database()})
        gone = lambda: control.delete(FIRESTORE, f"{parent}/{names.database()}")  # noqa: E731
    words = refused(twin, L3Error)
    assert {"bucket": names.store("cold"), "account": "plant-hot-reader", "database": names.database()}[kind] in words
    gone()
    completes(twin)
