"""Buckets: the class, nothing public, no soft deletion, one owner."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from l3kit.clouds.gcp.control.buckets import Bucket
from l3kit.clouds.gcp.control.google_api import GoogleApi
from l3kit.clouds.gcp.control.place import STORAGE
from l3kit.clouds.ports.control import Query, Refusal
from l3kit.clouds.ports.resources import AlreadyThereError
from l3kit.errors import ProvisioningError
from l3kit.sandbox.gcp.control.settings import Organization, PlaneSettings
from tests.support.control_plane import Cloud
from tests.support.google_plane import EVERY_API


def bucket(cloud: Cloud) -> Bucket:
    return Bucket(cloud.place, "plant-cold", "plant", "COLDLINE")


def test_a_bucket_is_as_it_was_made(cloud: Cloud) -> None:
    one = bucket(cloud)
    assert not one.compare().exists
    one.create()
    found = one.compare()
    assert (found.exists, found.owned, found.differences, found.fault) == (True, True, (), None)
    there = cloud.control.get(STORAGE, "storage/v1/b/plant-cold")
    assert there["softDeletePolicy"]["retentionDurationSeconds"] == "0"
    with pytest.raises(AlreadyThereError):
        one.create()


def test_each_setting_that_was_changed_is_told_and_repaired(cloud: Cloud) -> None:
    one = bucket(cloud)
    one.create()
    changed = {
        "storageClass": "STANDARD",
        "softDeletePolicy": {"retentionDurationSeconds": "604800"},
        "iamConfiguration": {"publicAccessPrevention": "inherited"},
    }
    cloud.control.patch(STORAGE, "storage/v1/b/plant-cold", changed)
    assert set(one.compare().differences) == {
        "storage class is STANDARD, not COLDLINE",
        "seconds of soft deletion is 604800, not 0",
        "public access prevention is inherited, not enforced",
    }
    one.update()
    assert one.compare().differences == ()


def test_another_owner_and_another_location_are_seen(cloud: Cloud) -> None:
    bucket(cloud).create()
    assert not replace(bucket(cloud), twin_name="other").compare().owned
    elsewhere = replace(bucket(cloud), place=replace(cloud.place, region="europe-west1"))
    assert "it is in US-CENTRAL1, not in europe-west1" in str(elsewhere.compare().fault)


def test_a_bucket_that_somebody_keeps_writing_to_is_told(cloud: Cloud) -> None:
    bucket(cloud).create()

    class Written(GoogleApi):
        def delete(self, service: str, path: str, query: Query | None = None) -> dict[str, Any]:
            raise Refusal(409, "conflict", "The bucket you tried to delete is not empty.")

    control = Written("https://{}".format, cloud.http)
    busy = replace(bucket(cloud), place=replace(cloud.place, control=control))
    with pytest.raises(ProvisioningError, match="is written to while it is emptied"):
        busy.delete()


def test_a_missing_bucket_is_deleted(cloud: Cloud) -> None:
    bucket(cloud).delete()


def test_a_policy_that_forces_soft_deletion_is_named() -> None:
    policies = Organization(soft_delete_seconds=604_800)
    cloud = Cloud(PlaneSettings(enabled=EVERY_API, organization=policies))
    with pytest.raises(ProvisioningError, match=r"bucket plant-cold: .*storage\.softDeletePolicySeconds"):
        bucket(cloud).create()
    cloud.close()
