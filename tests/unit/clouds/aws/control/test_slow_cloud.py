"""AWS when it is slow, busy or failing: answers that the emulators never give, told by clients written here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from l3kit.clouds.aws.control.buckets import Bucket
from l3kit.clouds.aws.control.calls import explained
from l3kit.clouds.aws.control.context import Context
from l3kit.clouds.aws.control.functions import Built, Function
from l3kit.clouds.aws.control.schedules import Schedule, ScheduleGroup
from l3kit.clouds.aws.control.tables import Table
from l3kit.clouds.aws.names import AwsNames
from l3kit.clouds.aws.session import AwsSession
from l3kit.clouds.ports.resources import AlreadyThereError
from l3kit.errors import PermissionMissingError, ProvisioningError
from l3kit.packaging.wheels import Package, Runtime

ACCOUNT = "123456789012"
ROLE_IS_NEW = ("InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda.")


def refusal(operation: str, code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def clock(self) -> float:
        return self.now


class Client:
    """Answers each call by the next of its prepared answers, the last of them for ever; unprepared calls succeed."""

    def __init__(self, **answers: list[Any]) -> None:
        self.calls: list[str] = []
        self._answers = answers

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**_: Any) -> Any:
            self.calls.append(operation)
            answers = self._answers.get(operation, [{}])
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def context(service: str, client: Client) -> tuple[Context, Time]:
    time = Time()
    clients: dict[Any, Any] = {(service, 60.0, 6): client}
    aws = AwsSession("us-east-1", ACCOUNT, None, None, clients)
    return Context(aws, AwsNames("plant", ACCOUNT, "us-east-1"), time.sleep, time.clock), time


def function(client: Client) -> tuple[Function, Time]:
    where, time = context("lambda", client)
    built = Built(Package(b"zip"), {"A": "1"})
    return Function(where, "plant-f", "plant-f", Runtime("3.13", "x86_64"), 512, 60, lambda: built), time


def configuration(**changed: Any) -> dict[str, Any]:
    client = Client()
    wanted = function(client)[0]
    settings: dict[str, Any] = wanted._settings(wanted.build())
    return {**settings, "CodeSha256": wanted.build().package.code_sha256, "State": "Active", **changed}


def test_a_function_waits_for_its_new_role_and_until_it_is_active() -> None:
    client = Client(
        create_function=[refusal("CreateFunction", *ROLE_IS_NEW), refusal("CreateFunction", *ROLE_IS_NEW), {}],
        get_function_configuration=[configuration(State="Pending"), configuration()],
    )
    made, time = function(client)
    made.create()
    assert client.calls == ["create_function"] * 3 + ["get_function_configuration"] * 2
    assert 0 < time.now < 5


def test_a_refusal_that_is_not_about_a_new_role_is_final_at_once() -> None:
    client = Client(create_function=[refusal("CreateFunction", "InvalidParameterValueException", "Unzipped size")])
    made, time = function(client)
    with pytest.raises(ProvisioningError, match="Unzipped size"):
        made.create()
    assert (client.calls, time.now) == (["create_function"], 0.0)


def test_a_role_that_never_works_is_named_when_the_limit_is_up() -> None:
    made, time = function(Client(create_function=[refusal("CreateFunction", *ROLE_IS_NEW)]))
    with pytest.raises(ProvisioningError, match="role plant-f can be assumed by Lambda: did not happen within 90 s"):
        made.create()
    assert time.now <= 90


def test_a_function_whose_last_update_failed_shows_it_and_is_updated_again() -> None:
    failed = configuration(LastUpdateStatus="Failed", LastUpdateStatusReason="KMS access was denied")
    tags = {"l3kit:twin": "plant"}
    client = Client(
        get_function=[{"Configuration": failed, "Tags": tags}],
        get_function_configuration=[failed, configuration(LastUpdateStatus="InProgress"), configuration()],
    )
    made, _ = function(client)
    assert made.compare().differences == ("its last update failed: KMS access was denied",)
    made.update()
    assert client.calls.count("update_function_configuration") == 1


def test_a_function_that_cannot_start_says_why_instead_of_waiting() -> None:
    client = Client(get_function_configuration=[configuration(State="Failed", StateReason="subnet is gone")])
    made, time = function(client)
    with pytest.raises(ProvisioningError, match="it failed to start: subnet is gone"):
        made.create()
    assert time.now == 0.0


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
