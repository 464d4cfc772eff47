"""Lambda as a function host: what it tells of a function, and the calls it makes when AWS is slow, busy or failing."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from l3kit.clouds.aws.control.lambda_host import LambdaHost
from l3kit.clouds.ports.function_host import Definition, Timer
from l3kit.clouds.ports.resources import AlreadyThereError
from l3kit.clouds.shared.cloud_function import BuiltFunction, CloudFunction
from l3kit.errors import PermissionMissingError, ProvisioningError
from tests.support.slow_aws import ACCOUNT, Client, Time, context, refusal

NAME = "plant-f"
ROLE_IS_NEW = ("InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda.")
CODE = b"zip"
SETTINGS = {"A": "1"}
WANTED = Definition("3.13", SETTINGS, "plant", 60, memory_mb=512, identity="plant-role")
TAGS = {"l3kit:twin": "plant"}
CONFIGURATION = {
    "FunctionName": NAME,
    "Runtime": "python3.13",
    "Role": f"arn:aws:iam::{ACCOUNT}:role/plant-role",
    "Handler": "lambda_function.lambda_handler",
    "MemorySize": 512,
    "Timeout": 60,
    "Environment": {"Variables": SETTINGS},
    "Architectures": ["x86_64"],
    "CodeSha256": base64.b64encode(hashlib.sha256(CODE).digest()).decode(),
    "State": "Active",
}
FAILED = {"LastUpdateStatus": "Failed", "LastUpdateStatusReason": "KMS access was denied"}


def configuration(**changed: Any) -> dict[str, Any]:
    return {**CONFIGURATION, **changed}


def host(client: Client) -> tuple[LambdaHost, Time]:
    where, time = context("lambda", client)
    return LambdaHost(where), time


def there(**changed: Any) -> Client:
    return Client(get_function=[{"Configuration": configuration(**changed), "Tags": TAGS}])


def function(client: Client) -> CloudFunction:
    built = BuiltFunction(CODE, SETTINGS)
    return CloudFunction(
        host(client)[0], NAME, "plant", "3.13", 60, False, lambda: built, memory_mb=512, identity="plant-role"
    )


# --- what is there ------------------------------------------------------------------------------------------------


def test_a_function_as_it_should_be_reads_back_as_it_was_defined() -> None:
    client = there()
    found = host(client)[0].get(NAME)
    assert found is not None
    assert (found.definition, found.state) == (WANTED, "active")
    assert found.code_sha256 == hashlib.sha256(CODE).hexdigest()
    assert function(client).compare().differences == ()
    assert set(client.calls) == {"get_function"}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"CodeSha256": base64.b64encode(b"x" * 32).decode()}, "its code differs"),
        ({"Runtime": "nodejs20.x"}, "its Python is nodejs20.x, not 3.13"),
        ({"MemorySize": 128}, "its memory is 128 MB, not 512 MB"),
        ({"Timeout": 3}, "its timeout is 3 s, not 60 s"),
        ({"Role": f"arn:aws:iam::{ACCOUNT}:role/other"}, "it runs as other, not plant-role"),
        ({"Role": "arn:aws:iam::9:role/a"}, "it runs as arn:aws:iam::9:role/a, not plant-role"),
        ({"Environment": {}}, "variable A is missing"),
        ({"Handler": "other.main"}, "it starts other.main, not lambda_function.lambda_handler"),
        ({"Architectures": ["arm64"]}, "it runs on arm64, not x86_64"),
        ({"State": "Pending"}, "it is still being made or changed"),
        ({"LastUpdateStatus": "InProgress"}, "it is still being made or changed"),
        ({"State": "Failed", "StateReason": "subnet is gone"}, "it failed to start: subnet is gone"),
        (FAILED, "its last update failed: KMS access was denied"),
    ],
)
def test_whatever_differs_is_told_in_words(changed: dict[str, Any], told: str) -> None:
    assert function(there(**changed)).compare().differences == (told,)


def test_a_function_that_lambda_has_put_to_rest_starts_with_its_next_run_and_needs_no_repair() -> None:
    assert function(there(State="Inactive", StateReasonCode="Idle")).compare().differences == ()


UNREADABLE = {"Error": {"ErrorCode": "KMSAccessDeniedException", "Message": "no"}}


@pytest.mark.parametrize("tags", [{}, {"l3kit:twin": "another"}])
@pytest.mark.parametrize("environment", [{"Variables": SETTINGS}, UNREADABLE])
def test_a_function_without_the_twins_tag_is_not_ours(tags: dict[str, str], environment: dict[str, Any]) -> None:
    """Whether or not its variables may be read."""
    client = Client(get_function=[{"Configuration": configuration(Environment=environment), "Tags": tags}])
    assert not function(client).compare().owned


def test_variables_of_our_own_function_that_may_not_be_read_are_no_missing_ones() -> None:
    with pytest.raises(PermissionMissingError, match="KMSAccessDeniedException"):
        function(there(Environment=UNREADABLE)).compare()


def test_a_missing_function_is_none_to_read_and_nothing_to_delete() -> None:
    gone = "ResourceNotFoundException"
    client = Client(get_function=[refusal("GetFunction", gone)], delete_function=[refusal("DeleteFunction", gone)])
    assert host(client)[0].get(NAME) is None
    host(client)[0].delete(NAME)


# --- making and changing ------------------------------------------------------------------------------------------


def test_a_function_waits_for_its_new_role_and_until_it_is_active() -> None:
    client = Client(
        create_function=[refusal("CreateFunction", *ROLE_IS_NEW), refusal("CreateFunction", *ROLE_IS_NEW), {}],
        get_function_configuration=[configuration(State="Pending"), configuration()],
    )
    made, time = host(client)
    made.create(NAME, WANTED, CODE)
    assert client.calls == ["create_function"] * 3 + ["get_function_configuration"] * 2
    assert 0 < time.now < 5


def test_a_refusal_that_is_not_about_a_new_role_is_final_at_once() -> None:
    client = Client(create_function=[refusal("CreateFunction", "InvalidParameterValueException", "Unzipped size")])
    made, time = host(client)
    with pytest.raises(ProvisioningError, match="Unzipped size"):
        made.create(NAME, WANTED, CODE)
    assert (client.calls, time.now) == (["create_function"], 0.0)


def test_a_role_that_never_works_is_named_when_the_limit_is_up() -> None:
    made, time = host(Client(create_function=[refusal("CreateFunction", *ROLE_IS_NEW)]))
    with pytest.raises(ProvisioningError, match="role plant-role can be assumed by Lambda: did not happen within 90 s"):
        made.create(NAME, WANTED, CODE)
    assert time.now <= 90


def test_a_function_that_is_there_already_is_left_as_it_is() -> None:
    client = Client(create_function=[refusal("CreateFunction", "ResourceConflictException", "exists")])
    with pytest.raises(AlreadyThereError):
        host(client)[0].create(NAME, WANTED, CODE)
    assert client.calls == ["create_function"]


def test_a_function_that_cannot_start_says_why_instead_of_waiting() -> None:
    client = Client(get_function_configuration=[configuration(State="Failed", StateReason="subnet is gone")])
    made, time = host(client)
    with pytest.raises(ProvisioningError, match="it failed to start: subnet is gone"):
        made.create(NAME, WANTED, CODE)
    assert time.now == 0.0


@pytest.mark.parametrize(
    ("first", "calls"),
    [
        ({}, []),
        ({"CodeSha256": base64.b64encode(b"x" * 32).decode()}, ["update_function_code"]),
        ({"Architectures": ["arm64"]}, ["update_function_code"]),
        ({"Timeout": 3}, ["update_function_configuration"]),
        ({"Environment": {"Variables": {"B": "2"}}}, ["update_function_configuration"]),
        ({"Handler": "other.main"}, ["update_function_configuration"]),
        (FAILED, ["update_function_configuration"]),
    ],
)
def test_an_update_changes_only_what_differs(first: dict[str, Any], calls: list[str]) -> None:
    client = Client(get_function_configuration=[configuration(**first), configuration()])
    host(client)[0].update(NAME, WANTED, CODE)
    assert [call for call in client.calls if call != "get_function_configuration"] == calls


def test_an_update_waits_for_what_is_under_way_before_and_after() -> None:
    busy = configuration(LastUpdateStatus="InProgress")
    client = Client(get_function_configuration=[busy, configuration(Timeout=3), busy, configuration()])
    made, time = host(client)
    made.update(NAME, WANTED, CODE)
    look = "get_function_configuration"
    assert client.calls == [look, look, "update_function_configuration", look, look]
    assert time.now > 0


# --- timers -------------------------------------------------------------------------------------------------------


MADE = datetime(2026, 1, 1, tzinfo=UTC)
SCHEDULE = {
    "State": "ENABLED",
    "ScheduleExpression": "rate(1 day)",
    "Target": {"Arn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{NAME}"},
    "CreationDate": MADE,
}


@pytest.mark.parametrize(
    ("changed", "timer"),
    [
        ({}, Timer("rate(1 day)", "on", MADE)),
        ({"StartDate": MADE.replace(year=2025)}, Timer("rate(1 day)", "on", MADE.replace(year=2025))),
        ({"State": "DISABLED"}, Timer("rate(1 day)", "off")),
        ({"ScheduleExpressionTimezone": "Asia/Tokyo"}, Timer("rate(1 day)", "on", MADE, "time zone Asia/Tokyo")),
        (
            {"Target": {"Arn": "arn:aws:lambda:us-east-1:1:function:g"}},
            Timer("rate(1 day)", "on", MADE, "starts something else"),
        ),
    ],
)
def test_a_schedule_is_told_with_what_is_wrong_with_it(changed: dict[str, Any], timer: Timer) -> None:
    where, _ = context("scheduler", Client(get_schedule=[{**SCHEDULE, **changed}]))
    assert LambdaHost(where).timers(NAME) == {NAME: timer}


def test_in_a_sandbox_schedules_are_fired_by_hand_and_a_missing_one_is_no_timer() -> None:
    gone = refusal("GetSchedule", "ResourceNotFoundException")
    where, _ = context("scheduler", Client(get_schedule=[SCHEDULE, gone]))
    sandbox = LambdaHost(replace(where, aws=replace(where.aws, endpoint_url="http://127.0.0.1:9")))
    assert sandbox.timers(NAME) == {NAME: Timer("rate(1 day)", "fired")}
    assert sandbox.timers(NAME) == {}
