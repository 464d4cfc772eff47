"""AWS when it is slow, busy or failing: answers that the emulators never give, told by clients written here."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from l3kit.clouds.aws.control.buckets import Bucket
from l3kit.clouds.aws.control.calls import explained
from l3kit.clouds.aws.control.roles import Role
from l3kit.clouds.aws.control.schedules import Schedule, ScheduleGroup
from l3kit.clouds.aws.control.tables import Table
from l3kit.clouds.ports.resources import AlreadyThereError
from l3kit.errors import PermissionMissingError, ProvisioningError
from tests.support.slow_aws import Client, context, refusal


def test_a_new_tables_backups_are_switched_on_as_soon_as_there_are_any() -> None:
    table = {
        "TableArn": "arn",
        "TableStatus": "ACTIVE",
        "KeySchema": [{"AttributeName": "name"}],
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
    }
    off = {
        "ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"}}
    }
    early = refusal("UpdateContinuousBackups", "ContinuousBackupsUnavailableException", "Backups are being enabled")
    client = Client(
        describe_table=[{"Table": {**table, "TableStatus": "CREATING"}}, {"Table": table}],
        describe_continuous_backups=[off],
        update_continuous_backups=[early, early, {}],
    )
    where, time = context("dynamodb", client)
    Table(where, "plant-journal", ("name",)).create()
    assert client.calls.count("update_continuous_backups") == 3
    assert time.now > 0


def test_a_bucket_whose_name_is_just_being_freed_is_waited_for() -> None:
    busy = refusal("CreateBucket", "OperationAborted", "A conflicting conditional operation is in progress")
    missing = {
        "get_bucket_tagging": [refusal("GetBucketTagging", "NoSuchTagSet")],
        "get_public_access_block": [refusal("GetPublicAccessBlock", "NoSuchPublicAccessBlockConfiguration")],
        "get_bucket_encryption": [refusal("GetBucketEncryption", "ServerSideEncryptionConfigurationNotFoundError")],
        "get_bucket_policy": [refusal("GetBucketPolicy", "NoSuchBucketPolicy")],
        "get_bucket_lifecycle_configuration": [refusal("GetBucketLifecycle", "NoSuchLifecycleConfiguration")],
    }
    client = Client(create_bucket=[busy, {}], put_bucket_policy=[busy, {}], **missing)
    where, _ = context("s3", client)
    Bucket(where, "plant-cold").create()
    assert (client.calls.count("create_bucket"), client.calls.count("put_bucket_policy")) == (2, 2)


@pytest.mark.parametrize("lost", ["delete_role_policy", "detach_role_policy", "delete_role"])
def test_a_role_goes_though_the_answer_to_the_removal_of_a_part_was_lost(lost: str) -> None:
    answers: dict[str, list[Any]] = {
        "list_role_policies": [{"PolicyNames": ["l3kit", "more"]}],
        "list_attached_role_policies": [{"AttachedPolicies": [{"PolicyArn": "arn"}]}],
        lost: [refusal(lost, "NoSuchEntity"), {}],
    }
    client = Client(**answers)
    where, _ = context("iam", client)
    Role(where, "plant-dispatcher", {}, dict).delete()
    made = [call for call in client.calls if not call.startswith("list")]
    assert made == ["delete_role_policy", "delete_role_policy", "detach_role_policy", "delete_role"]


def test_an_upload_that_is_gone_does_not_keep_its_bucket() -> None:
    class Uploads(Client):
        def get_paginator(self, name: str) -> Any:
            page = {"Uploads": [{"Key": "d/1", "UploadId": "u"}]} if "upload" in name else {}
            return SimpleNamespace(paginate=lambda **_: [page])

    client = Uploads(abort_multipart_upload=[refusal("AbortMultipartUpload", "NoSuchUpload")])
    where, _ = context("s3", client)
    Bucket(where, "plant-cold").delete()
    assert client.calls[-1] == "delete_bucket"


def test_an_object_that_cannot_be_removed_is_named() -> None:
    class Paginator:
        def __init__(self, page: dict[str, Any]) -> None:
            self.page = page

        def paginate(self, **_: Any) -> list[dict[str, Any]]:
            return [self.page]

    class Locked(Client):
        def get_paginator(self, name: str) -> Paginator:
            return Paginator({"Versions": [{"Key": "d/1", "VersionId": "v"}]} if "version" in name else {})

    client = Locked(delete_objects=[{"Errors": [{"Key": "d/1", "Code": "AccessDenied"}]}])
    where, _ = context("s3", client)
    with pytest.raises(ProvisioningError, match=r"object d/1 in plant-cold: cannot be removed \(AccessDenied\)"):
        Bucket(where, "plant-cold").delete()
    assert "delete_bucket" not in client.calls


def test_a_schedule_waits_for_its_new_role_only() -> None:
    new = refusal(
        "CreateSchedule", "ValidationException", "The execution role must allow Scheduler to assume the role."
    )
    client = Client(create_schedule=[new, {}])
    where, _ = context("scheduler", client)
    Schedule(where, "plant-f", "l3kit-plant", "plant-f", "plant-scheduler", "rate(1 day)").create()
    assert client.calls == ["create_schedule"] * 2
    wrong = Client(create_schedule=[refusal("CreateSchedule", "ValidationException", "Invalid Schedule Expression")])
    where, time = context("scheduler", wrong)
    with pytest.raises(ProvisioningError, match="Invalid Schedule Expression"):
        Schedule(where, "plant-f", "l3kit-plant", "plant-f", "plant-scheduler", "hourly").create()
    assert time.now == 0.0


def test_a_schedule_group_that_is_still_being_removed_is_made_again_when_it_is_gone() -> None:
    leaving = {"Arn": "arn", "State": "DELETING"}
    gone = refusal("GetScheduleGroup", "ResourceNotFoundException")
    client = Client(get_schedule_group=[leaving, leaving, gone])
    where, _ = context("scheduler", client)
    group = ScheduleGroup(where, "l3kit-plant")
    assert not group.compare().exists
    group.create()
    assert client.calls[-1] == "create_schedule_group"


@pytest.mark.parametrize(
    ("operation", "code", "kind"),
    [
        ("CreateRole", "EntityAlreadyExists", AlreadyThereError),
        ("UpdateTable", "ResourceInUseException", ProvisioningError),
        ("GetRole", "AccessDenied", PermissionMissingError),
        ("GetRole", "ExpiredToken", PermissionMissingError),
    ],
)
def test_boto3s_errors_become_ours(operation: str, code: str, kind: type[Exception]) -> None:
    with pytest.raises(ProvisioningError) as caught, explained("role r"):
        raise refusal(operation, code, "told")
    assert type(caught.value) is kind
    assert operation in str(caught.value)
