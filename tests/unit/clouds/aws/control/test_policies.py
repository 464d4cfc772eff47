"""Least privilege: exact actions on exact ARNs, keys of the customer's own included."""

from __future__ import annotations

from typing import Any

import pytest

from l3kit.clouds.aws.control.context import Context
from l3kit.clouds.aws.control.policies import (
    Placement,
    function_policy,
    scheduler_policy,
    stores_of,
    topic_rule_policy,
    trust,
)
from l3kit.clouds.aws.control.policy_limits import ROLE_POLICIES, compact
from l3kit.clouds.aws.names import AwsNames
from l3kit.clouds.aws.session import AwsSession
from l3kit.tiering.settings.function_table import EXPIRER, FUNCTIONS, StoreName
from l3kit.twin.layout import CHAIN

ACCOUNT = "123456789012"
CONTEXT = Context(AwsSession("us-east-1", ACCOUNT, None, None), AwsNames("plant", ACCOUNT, "us-east-1"))
LONGEST = Context(AwsSession("ap-southeast-1", ACCOUNT, None, None), AwsNames("p" * 28, ACCOUNT, "ap-southeast-1"))
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/"
KEYS: dict[StoreName, str] = {store: f"{KEY}{store}" for store in ("hot", "journal", "cold", "archive", "letters")}
ALL_HERE = Placement()
ONE_KEY: dict[StoreName, str] = dict.fromkeys(KEYS, f"{KEY}one")
PLACES = [
    Placement(remote, here, keys) for remote in (False, True) for here in (False, True) for keys in ({}, KEYS, ONE_KEY)
]


def statements(function: str, place: Placement = ALL_HERE) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = function_policy(function, CONTEXT, place)["Statement"]
    return found


def resources(statement: dict[str, Any]) -> list[str]:
    there = statement["Resource"]
    return there if isinstance(there, list) else [there]


def actions(function: str, place: Placement = ALL_HERE) -> set[str]:
    return {action for statement in statements(function, place) for action in statement["Action"]}


@pytest.mark.parametrize("place", PLACES, ids=str)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_action_and_no_resource_is_a_wildcard(function: str, place: Placement) -> None:
    for statement in statements(function, place):
        denied = ["s3:DeleteObject"] if statement["Effect"] == "Deny" else []
        assert statement["Effect"] == "Allow" or (function, statement["Action"]) == (EXPIRER, denied)
        assert not any("*" in action for action in statement["Action"])
        for resource in resources(statement):
            assert "plant" in resource or resource.startswith(KEY)
            assert resource.count("*") <= 1
            assert resource.endswith("*") or "*" not in resource
            assert resource.split(":")[4] in ("", ACCOUNT)


@pytest.mark.parametrize("place", PLACES, ids=str)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_permission_is_given_twice_and_the_longest_policy_fits(function: str, place: Placement) -> None:
    given = [
        (action, resource, str(statement.get("Condition")))
        for statement in statements(function, place)
        for action in statement["Action"]
        for resource in resources(statement)
    ]
    assert len(set(given)) == len(given)
    assert len({statement["Sid"] for statement in statements(function, place)}) == len(statements(function, place))
    assert len(compact(function_policy(function, LONGEST, place))) < ROLE_POLICIES / 2


def test_a_mover_that_sends_abroad_may_not_write_to_a_bucket() -> None:
    assert "s3:PutObject" in actions("hot-to-cold-mover")
    abroad = Placement(remote=True, archive_here=False)
    assert not any(action.startswith("s3:") for action in actions("hot-to-cold-mover", abroad))
    archived_here = {a for a in actions("hot-to-cold-mover", Placement(remote=True)) if a.startswith("s3:")}
    assert archived_here == {"s3:ListBucket"}


def test_the_hot_mover_deletes_and_puts_back_items_by_partiql_and_may_not_write_others() -> None:
    (items,) = [s for s in statements("hot-to-cold-mover") if s["Sid"] == "HotItems"]
    assert items["Action"] == ["dynamodb:Query", "dynamodb:PartiQLDelete", "dynamodb:PartiQLInsert"]
    assert items["Resource"].endswith(":table/plant-hot-iot-data")


def test_readers_only_read_and_writers_only_write() -> None:
    logs = {"logs:CreateLogStream", "logs:PutLogEvents"}
    assert actions("hot-reader") == {"dynamodb:Query", *logs}
    assert actions("cold-writer") == {"s3:PutObject", "s3:GetObject", "s3:ListBucket", *logs}
    assert not any("Delete" in action for action in actions("hot-reader-last-entry"))


@pytest.mark.parametrize("place", PLACES, ids=str)
@pytest.mark.parametrize("function", sorted({*FUNCTIONS} - {EXPIRER}))
def test_no_function_but_the_expirer_deletes_anything_but_parts_from_the_archive(
    function: str, place: Placement
) -> None:
    for statement in statements(function, place):
        if any("Delete" in action for action in statement["Action"]):
            for resource in resources(statement):
                assert "archive-iot-data" not in resource or resource.endswith("/_l3kit/parts/*")


def test_the_expirer_deletes_chunks_of_the_archive_and_can_neither_change_nor_delete_a_record() -> None:
    found = {
        s["Sid"]: (s["Effect"], s["Action"], [r.partition("/")[2] for r in resources(s)]) for s in statements(EXPIRER)
    }
    assert found["ExpireChunks"] == ("Allow", ["s3:GetObject", "s3:DeleteObject"], ["*"])
    assert found["KeepOwn"] == ("Deny", ["s3:DeleteObject"], ["_l3kit/*"])
    written = ["_l3kit/expired/*", "_l3kit/reports/archive-expirer/*"]
    assert found["RecordsAndReports"] == ("Allow", ["s3:PutObject"], written)
    buckets = [r for s in statements(EXPIRER) for r in resources(s) if ":s3:" in r]
    assert all("plant-archive-iot-data" in resource for resource in buckets)


def test_the_cold_to_archive_mover_writes_receipts_and_reports_into_the_cold_tier_and_nothing_else() -> None:
    written = [r for s in statements("cold-to-archive-mover") if "s3:PutObject" in s["Action"] for r in resources(s)]
    cold = [resource.partition("/")[2] for resource in written if "cold-iot-data" in resource]
    assert cold == ["_l3kit/archived/*", "_l3kit/reports/cold-to-archive-mover/*"]


READS, BOTH, WRITES = ["kms:Decrypt"], ["kms:Decrypt", "kms:GenerateDataKey"], ["kms:GenerateDataKey"]
BY_FUNCTION: list[tuple[str, Placement, dict[str, tuple[list[str], list[str]]]]] = [
    ("hot-reader", Placement(keys=KEYS), {"TableKeys": (READS, ["hot"])}),
    (
        "hot-to-cold-mover",
        Placement(keys=KEYS),
        {"TableKeys": (READS, ["hot", "journal"]), "ColdKey": (BOTH, ["cold"])},
    ),
    ("hot-to-cold-mover", Placement(keys=ONE_KEY), {"TableKeys": (READS, ["one"]), "ColdKey": (BOTH, ["one"])}),
    ("hot-to-cold-mover", Placement(remote=True, keys=KEYS), {"TableKeys": (READS, ["hot", "journal"])}),
    (
        "cold-to-archive-mover",
        Placement(keys=KEYS),
        {"ColdKey": (BOTH, ["cold"]), "ArchiveKey": (WRITES, ["archive"])},
    ),
    ("cold-to-archive-mover", Placement(keys=ONE_KEY), {"ColdKey": (BOTH, ["one"])}),
    ("archive-writer", Placement(keys=KEYS), {"ArchiveKey": (BOTH, ["archive"])}),
    (EXPIRER, Placement(keys=KEYS), {"ArchiveKey": (WRITES, ["archive"])}),
    ("archive-writer", Placement(keys={"cold": f"{KEY}cold"}), {}),
    ("persister", Placement(keys=KEYS), {"TableKeys": (READS, ["hot"]), "LettersKey": (WRITES, ["letters"])}),
    ("persister", Placement(remote=True, keys=KEYS), {"LettersKey": (WRITES, ["letters"])}),
    ("writer", Placement(keys=ONE_KEY), {"TableKeys": (READS, ["one"]), "LettersKey": (WRITES, ["one"])}),
    ("dispatcher", Placement(keys=KEYS), {"LettersKey": (WRITES, ["letters"])}),
]


@pytest.mark.parametrize(("function", "place", "wanted"), BY_FUNCTION, ids=str)
def test_a_store_with_a_key_of_its_own_gives_its_functions_that_key_by_way_of_the_store_alone(
    function: str, place: Placement, wanted: dict[str, tuple[list[str], list[str]]]
) -> None:
    found = {s["Sid"]: s for s in statements(function, place) if ":kms:" in resources(s)[0]}
    seen = {sid: (s["Action"], [arn.removeprefix(KEY) for arn in resources(s)]) for sid, s in found.items()}
    assert seen == wanted
    for sid, statement in found.items():
        service = "dynamodb" if sid == "TableKeys" else "s3"
        assert statement["Condition"] == {"StringEquals": {"kms:ViaService": f"{service}.us-east-1.amazonaws.com"}}


@pytest.mark.parametrize("place", PLACES, ids=str)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_stores_whose_keys_are_looked_up_are_those_that_the_function_reads_or_writes(
    function: str, place: Placement
) -> None:
    names = {"hot-iot-data": "hot", "journal": "journal", "cold-iot-data": "cold", "archive-iot-data": "archive"}
    names["dead-letters"] = "letters"
    used = {
        tier
        for statement in statements(function, Placement(place.remote, place.archive_here))
        if statement["Action"] != ["s3:ListBucket"]
        for resource in resources(statement)
        for name, tier in names.items()
        if f"plant-{name}" in resource
    }
    assert set(stores_of(function, place)) == used


@pytest.mark.parametrize("function", CHAIN)
def test_a_function_of_the_chain_invokes_what_it_calls_and_nothing_else(function: str) -> None:
    assert "lambda:InvokeFunction" not in actions(function)
    (call,) = [s for s in statements(function, Placement(called=("plant-b", "plant-a"))) if s["Sid"] == "Call"]
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:"
    assert (call["Action"], call["Resource"]) == (["lambda:InvokeFunction"], [f"{arn}plant-a", f"{arn}plant-b"])


def test_only_who_writes_into_the_hot_table_may_and_nobody_may_read_all_of_it_or_delete() -> None:
    wanted = {"dynamodb:PartiQLInsert", "dynamodb:BatchGetItem", "dynamodb:PutItem"}
    remote = Placement(remote=True)
    for function in CHAIN:
        found = {action for action in actions(function) if action.startswith("dynamodb:")}
        assert found == (wanted if function in ("persister", "writer") else set())
    assert not any(action.startswith("dynamodb:") for action in actions("persister", remote))
    assert not any("Delete" in action for function in CHAIN for action in actions(function))


@pytest.mark.parametrize("function", ["event-checker", "feedback-receiver"])
def test_feedback_goes_to_the_twins_devices_alone(function: str) -> None:
    place = Placement(feedback="plant/+/feedback")
    (feedback,) = [s for s in statements(function, place) if s["Sid"] == "Feedback"]
    assert feedback["Action"] == ["iot:Publish"]
    assert feedback["Resource"] == [f"arn:aws:iot:us-east-1:{ACCOUNT}:topic/plant/*/feedback"]


def test_the_feedback_receiver_may_do_nothing_else() -> None:
    logs = {"logs:CreateLogStream", "logs:PutLogEvents"}
    assert actions("feedback-receiver", Placement(feedback="plant/+/feedback")) == {"iot:Publish", *logs}


def test_iot_may_keep_what_it_could_not_deliver_and_nothing_else() -> None:
    keep, key = topic_rule_policy(CONTEXT, Placement(keys=KEYS))["Statement"]
    assert keep["Action"] == ["s3:PutObject"]
    assert keep["Resource"].partition("/")[2] == "aws/iot/*"
    assert (key["Action"], key["Resource"]) == (["kms:GenerateDataKey"], f"{KEY}letters")
    (trusted,) = trust("iot.amazonaws.com", CONTEXT)["Statement"]
    assert trusted["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def test_the_scheduler_may_start_these_functions_of_this_account_and_nothing_else() -> None:
    (statement,) = scheduler_policy(CONTEXT, ["hot-to-cold-mover"])["Statement"]
    assert statement["Action"] == ["lambda:InvokeFunction"]
    assert statement["Resource"] == [f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:plant-hot-to-cold-mover"]
    (trusted,) = trust("scheduler.amazonaws.com", CONTEXT)["Statement"]
    assert trusted["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
