"""Buckets and their policies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from l3kit.sandbox.gcp.control.settings import Organization
from l3kit.sandbox.gcp.storage.bodies import Body
from l3kit.sandbox.gcp.storage.objects import StoredObject
from tests.support.google_plane import PROJECT, Google

Make = Callable[..., Google]
B = "storage/v1/b"
PATH = f"{B}/some-bucket"
PRIVATE = {"uniformBucketLevelAccess": {"enabled": True}, "publicAccessPrevention": "enforced"}
BODY = {
    "name": "some-bucket",
    "location": "us-central1",
    "storageClass": "COLDLINE",
    "labels": {"l3kit-twin": "weather"},
    "iamConfiguration": PRIVATE,
    "softDeletePolicy": {"retentionDurationSeconds": "0"},
}


def make_bucket(google: Google, **more: Any) -> Any:
    return google.post("storage", B, {**BODY, **more}, project=PROJECT)


def put_object(google: Google, name: str) -> None:
    bucket = google.effects.store.buckets["some-bucket"]
    body = Body(__import__("pathlib").Path("none"), 1, "", "")
    bucket.put(StoredObject("some-bucket", name, google.effects.store.next_generation(), "COLDLINE", {}, body, 0.0))


def test_a_bucket_is_shown_as_google_completes_it(google: Google) -> None:
    made = make_bucket(google)
    assert (made["location"], made["locationType"], made["metageneration"]) == ("US-CENTRAL1", "region", "1")
    assert (made["storageClass"], made["labels"]) == ("COLDLINE", BODY["labels"])
    assert made["softDeletePolicy"]["retentionDurationSeconds"] == "0"
    assert google.get("storage", PATH) == made
    assert google.get("storage", B, project=PROJECT, prefix="some-")["items"] == [made]
    assert "items" not in google.get("storage", B, project=PROJECT, prefix="other-")


def test_soft_deletion_is_on_unless_it_is_switched_off(google: Google) -> None:
    made = google.post("storage", B, {"name": "some-bucket"}, project=PROJECT)
    assert (made["softDeletePolicy"]["retentionDurationSeconds"], made["location"]) == ("604800", "US")


def test_a_bucket_tells_since_when_it_keeps_objects_and_until_when_uniform_access_can_end(google: Google) -> None:
    bare = make_bucket(google, iamConfiguration={})
    assert "effectiveTime" not in bare["softDeletePolicy"]
    assert "lockedTime" not in bare["iamConfiguration"]["uniformBucketLevelAccess"]
    google.now += 86_400
    changes = {"softDeletePolicy": {"retentionDurationSeconds": "604800"}, "iamConfiguration": PRIVATE}
    made = google.patch("storage", PATH, changes)
    assert made["softDeletePolicy"]["effectiveTime"] == made["updated"] > bare["updated"]
    access = made["iamConfiguration"]
    assert access["uniformBucketLevelAccess"] == access["bucketPolicyOnly"]
    locked = datetime.fromisoformat(access["bucketPolicyOnly"]["lockedTime"])
    assert locked - datetime.fromisoformat(made["updated"]) == timedelta(days=90)
    google.now += 86_400
    again = google.patch("storage", PATH, {**made, "labels": {"a": "b"}})
    assert (again["softDeletePolicy"], again["iamConfiguration"]) == (made["softDeletePolicy"], access)


def test_a_bucket_of_ones_own_is_not_made_again(google: Google) -> None:
    make_bucket(google)
    refused = google.refused("POST", "storage", B, BODY, project=PROJECT)
    assert (refused.status, refused.reasons, "already own it" in refused.message) == (409, ["conflict"], True)


def test_a_name_that_a_stranger_has_is_taken_and_its_bucket_is_his(make: Make) -> None:
    google = make(taken_buckets=frozenset({"some-bucket"}))
    refused = google.refused("POST", "storage", B, BODY, project=PROJECT)
    assert (refused.status, "shared by all users" in refused.message) == (409, True)
    looked = google.refused("GET", "storage", PATH)
    assert (looked.status, looked.reasons) == (403, ["forbidden"])


@pytest.mark.parametrize(
    "more",
    [
        {"storageClass": "FROZEN"},
        {"name": "Upper"},
        {"name": "google-thing"},
        {"labels": {"Upper": "x"}},
        {"softDeletePolicy": {"retentionDurationSeconds": "5"}},
    ],
)
def test_a_bucket_that_google_refuses_is_refused(google: Google, more: dict[str, Any]) -> None:
    assert google.refused("POST", "storage", B, {**BODY, **more}, project=PROJECT).status == 400


def test_a_missing_bucket_is_missing_in_storages_form(google: Google) -> None:
    refused = google.refused("GET", "storage", PATH)
    assert (refused.status, refused.reasons, refused.message) == (
        404,
        ["notFound"],
        "The specified bucket does not exist.",
    )


def test_a_patch_merges_and_counts(google: Google) -> None:
    make_bucket(google)
    changed = google.patch("storage", PATH, {"labels": {"more": "x"}, "storageClass": "ARCHIVE"})
    assert changed["labels"] == {"l3kit-twin": "weather", "more": "x"}
    assert (changed["storageClass"], changed["metageneration"]) == ("ARCHIVE", "2")
    refused = google.refused("PATCH", "storage", PATH, {}, ifMetagenerationMatch="1")
    assert (refused.status, refused.reasons) == (412, ["conditionNotMet"])


def test_the_location_of_a_bucket_is_final(google: Google) -> None:
    make_bucket(google)
    assert google.refused("PATCH", "storage", PATH, {"location": "EU"}).status == 400
    assert google.patch("storage", PATH, {"location": "us-central1"})["location"] == "US-CENTRAL1"


def test_only_an_empty_bucket_is_deleted(google: Google) -> None:
    make_bucket(google, iamConfiguration=PRIVATE)
    put_object(google, "a/b")
    assert google.refused("DELETE", "storage", PATH).status == 409
    listed = google.get("storage", f"{PATH}/o", versions="true", fields="items(name,generation),nextPageToken")
    (found,) = listed["items"]
    assert google.refused("DELETE", "storage", f"{PATH}/o/a%2Fb", generation="1").status == 404
    assert google.delete("storage", f"{PATH}/o/a%2Fb", generation=found["generation"]) is None
    assert google.delete("storage", PATH) is None
    assert google.refused("GET", "storage", PATH).status == 404


def test_an_organization_can_force_soft_deletion(make: Make) -> None:
    google = make(organization=Organization(soft_delete_seconds=604_800))
    refused = google.refused("POST", "storage", B, BODY, project=PROJECT)
    assert (refused.status, "storage.softDeletePolicySeconds" in refused.message) == (412, True)
    make_bucket(google, softDeletePolicy={"retentionDurationSeconds": "604800"})
    assert (
        google.refused("PATCH", "storage", PATH, {"softDeletePolicy": {"retentionDurationSeconds": "0"}}).status == 412
    )


def test_without_billing_no_bucket_is_made(make: Make) -> None:
    google = make(billing=False)
    refused = google.refused("POST", "storage", B, BODY, project=PROJECT)
    assert (refused.status, refused.reasons) == (403, ["accountDisabled"])


def test_no_more_buckets_than_the_quota_allows(make: Make) -> None:
    google = make(quotas={"buckets": 0})
    refused = google.refused("POST", "storage", B, BODY, project=PROJECT)
    assert (refused.status, refused.reasons) == (429, ["rateLimitExceeded"])


def may(google: Google, email: str | None, permission: str, name: str = "a") -> bool:
    resource = f"projects/_/buckets/some-bucket/objects/{name}"
    return google.plane.judge.refusal(email, permission, resource) is None


def test_a_buckets_policy_is_read_changed_and_written(google: Google) -> None:
    make_bucket(google)
    email = google.account("some-account")
    policy = google.get("storage", f"{PATH}/iam", optionsRequestedPolicyVersion="3")
    assert policy["resourceId"] == "projects/_/buckets/some-bucket"
    member, only = f"serviceAccount:{email}", 'resource.name.startsWith("projects/_/buckets/some-bucket/objects/in/")'
    binding = {
        "role": "roles/storage.objectCreator",
        "members": [member],
        "condition": {"title": "t", "expression": only},
    }
    written = {**policy, "version": 3, "bindings": [*policy["bindings"], binding]}
    assert google.put("storage", f"{PATH}/iam", written)["version"] == 3
    assert may(google, email, "storage.objects.create", "in/a")
    assert not may(google, email, "storage.objects.create", "out/a")
    refused = google.refused("PUT", "storage", f"{PATH}/iam", written)
    assert (refused.status, refused.reasons) == (412, ["conditionNotMet"])


def test_the_owner_of_the_project_has_the_objects_by_the_first_bindings(google: Google) -> None:
    make_bucket(google)
    assert may(google, google.caller, "storage.objects.get")
    policy = google.get("storage", f"{PATH}/iam")
    google.put("storage", f"{PATH}/iam", {**policy, "bindings": policy["bindings"][:2]})
    assert not may(google, google.caller, "storage.objects.get")


def test_a_bucket_that_another_service_made_has_the_first_bindings_too(google: Google) -> None:
    make_bucket(google)
    google.plane._apis.policies.drop("projects/_/buckets/some-bucket")
    assert may(google, google.caller, "storage.objects.get")
    assert not may(google, "stranger@example.com", "storage.objects.get")


def test_everybody_is_no_member_where_public_access_is_prevented(google: Google) -> None:
    make_bucket(google)
    body = {"bindings": [{"role": "roles/storage.objectViewer", "members": ["allUsers"]}]}
    assert google.refused("PUT", "storage", f"{PATH}/iam", body).status == 412
    google.patch("storage", PATH, {"iamConfiguration": {"publicAccessPrevention": "inherited"}})
    google.put("storage", f"{PATH}/iam", body)
    assert may(google, None, "storage.objects.get")


def test_a_fresh_account_is_no_member_yet(make: Make) -> None:
    google = make(unknown_account_seconds=60)
    make_bucket(google)
    member = f"serviceAccount:{google.account('some-account')}"
    body = {"bindings": [{"role": "roles/storage.objectViewer", "members": [member]}]}
    refused = google.refused("PUT", "storage", f"{PATH}/iam", body)
    assert (refused.status, refused.reasons) == (400, ["invalid"])


def test_permissions_on_a_bucket_are_tested(google: Google) -> None:
    make_bucket(google)
    asked = ["storage.buckets.get", "storage.objects.get"]
    found = google.get("storage", f"{PATH}/iam/testPermissions", permissions=asked)
    assert found["permissions"] == asked
    other = google.get("storage", f"{PATH}/iam/testPermissions", permissions=asked, caller="stranger@example.com")
    assert "permissions" not in other
