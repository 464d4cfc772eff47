"""Layers 1 and 2 on AWS: made, used, mended, given up and removed by plan, apply and destroy."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from l3kit.clouds.aws.names import AwsNames
from l3kit.deploy import Plan, apply, plan, plan_destroy
from l3kit.deploy.plan import HOLDS_DATA
from l3kit.operate.open_twin import OpenTwin
from l3kit.sandbox import SandboxState
from l3kit.sandbox.messages.client import wait_until_delivered
from l3kit.session import Session
from l3kit.tiering.stream.letters import DeadLetter
from l3kit.twin.config import Twin
from l3kit.twin.layout import CHAIN
from tests.integration.aws.conftest import MakeTwin, deploy, save_link
from tests.integration.aws.test_apply_again import check_completed, killed_apply
from tests.support.accounts import aws_of

pytestmark = pytest.mark.sandbox
Aws = Callable[[str], Any]
EVENT = {"condition": "p.d.v > DOUBLE(90)", "action": {"type": "feedback", "payload": "cool down"}}


@pytest.fixture(scope="module")
def twin(session: Session, make_twin: MakeTwin) -> Twin:
    """The whole chain on AWS."""
    twin = make_twin(chain=("aws", "aws"))
    deploy(twin, session)
    return twin


def layer_1(session: Session, make_twin: MakeTwin) -> Twin:
    """A twin that has only layer 1 on AWS, not yet deployed."""
    twin = make_twin("gcp", "gcp", "gcp", chain=("aws", "gcp"))
    save_link(session, twin, "aws_l1_to_gcp_l2", "https://ingestion.example", "a-token")
    return twin


def names_of(twin: Twin, session: Session) -> AwsNames:
    return aws_of(session).names(twin.name)


def told(wanted: Plan, action: str) -> dict[str, str]:
    """The reasons of these steps, by kind and last part of the name."""
    return {f"{step.kind} {step.name}": step.reason for step in wanted.steps if step.action == action}


def changed(twin: Twin, file: str, **more: Any) -> Twin:
    """The twin with other values in config.json, or other content of a file."""
    path = twin.path / file
    content = json.loads(path.read_text()) | more if more else [EVENT]
    path.write_text(json.dumps(content))
    return Twin.load(twin.path)


def _break(aws: Aws, names: AwsNames) -> None:
    functions, dispatcher, connector = aws("lambda"), names.function("dispatcher"), names.function("connector")
    functions.put_function_event_invoke_config(FunctionName=dispatcher, MaximumRetryAttempts=0)
    functions.remove_permission(FunctionName=dispatcher, StatementId="IotRule")
    aws("iot").disable_topic_rule(ruleName=names.topic_rule())
    environment = functions.get_function_configuration(FunctionName=dispatcher)["Environment"]
    environment["Variables"]["CONNECTOR_LAMBDA_NAME"] = "another"
    functions.update_function_configuration(FunctionName=dispatcher, Environment=environment)
    functions.delete_function(FunctionName=connector)


def test_a_plan_notes_actions_whose_function_is_not_there_and_refuses_nothing(
    session: Session, make_twin: MakeTwin, sandbox: SandboxState
) -> None:
    twin = make_twin(chain=("aws", "aws"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = f"127.0.0.1:{server.getsockname()[1]}"
    targets = (
        {"functionUrl": f"{sandbox.gateway}/health?code=secret-7"},
        {"functionUrl": f"http://{closed}/?code=secret-7"},
        {"functionName": "not-there"},
    )
    entries = [{"condition": EVENT["condition"], "action": {"type": "function", **target}} for target in targets]
    (twin.path / "config_events.json").write_text(json.dumps(entries))
    with OpenTwin(Twin.load(twin.path), session) as opened:
        wanted = opened.plan()
    assert wanted.changes
    notes = [line for line in wanted.lines() if line.startswith("config_events.json")]
    assert [note.split(",")[0] for note in notes] == [
        "config_events.json calls the function not-there",
        f"config_events.json: entry 1: functionUrl leads to {closed}",
    ]
    assert "does not exist in this account and region" in str(notes)
    assert "secret-7" not in str(wanted.to_json())


def test_a_plan_without_layer_2_looks_for_no_function_of_an_event(session: Session, make_twin: MakeTwin) -> None:
    twin = layer_1(session, make_twin)
    entry = {"condition": EVENT["condition"], "action": {"type": "function", "functionUrl": "https://alarm.example/"}}
    (twin.path / "config_events.json").write_text(json.dumps([entry]))
    there = Twin.load(twin.path)
    wanted = plan(there, session, clouds={"aws"}, reach=lambda place: "was looked for")
    assert wanted.changes
    assert not any("was looked for" in note for note in wanted.notes)


@pytest.mark.slow
def test_layer_1_is_made_mended_where_somebody_changed_it_and_removed(
    session: Session, make_twin: MakeTwin, aws: Aws
) -> None:
    twin = layer_1(session, make_twin)
    deploy(twin, session)
    names = names_of(twin, session)
    assert plan(twin, session, clouds={"aws"}).changes == ()
    _break(aws, names)
    wanted = plan(twin, session, clouds={"aws"})
    dispatcher, letters = names.function("dispatcher"), names.dead_letters_s3_bucket()
    assert told(wanted, "update") == {
        f"function {dispatcher}": "variable CONNECTOR_LAMBDA_NAME differs",
        f"failure destination {dispatcher}": (
            f"a failed invocation is repeated 0 times, not 2; failed events do not go to {letters}"
        ),
        f"topic rule {names.topic_rule()}": f"it is disabled; it is not allowed to invoke {dispatcher}",
    }
    assert told(wanted, "create") == {f"function {names.function('connector')}": "missing"}
    apply(wanted, session)
    assert plan(twin, session, clouds={"aws"}).changes == ()
    assert told(plan_destroy(twin, session), "keep") == {f"bucket {letters}": HOLDS_DATA}
    apply(plan_destroy(twin, session, data=True), session)
    assert plan_destroy(twin, session, data=True).steps == ()


@pytest.mark.slow
def test_a_message_reaches_the_hot_table_and_a_bad_one_the_dead_letters(
    twin: Twin, session: Session, sandbox: SandboxState, aws: Aws
) -> None:
    assert plan(twin, session).changes == ()
    names = names_of(twin, session)
    for device in ("pump-1", "stranger"):
        payload = f'{{"iotDeviceId": "{device}", "id": "2026-01-01T00:00:00Z", "v": 1.5}}'
        aws("iot-data").publish(topic=f"{twin.name}/{device}/telemetry", payload=payload.encode())
    assert wait_until_delivered(sandbox.gateway, 120)
    (item,) = aws("dynamodb").scan(TableName=names.hot_dynamodb_table())["Items"]
    assert (item["iotDeviceId"]["S"], item["v"]["N"]) == ("pump-1", "1.5")
    listed = aws("s3").list_objects_v2(Bucket=names.dead_letters_s3_bucket())["Contents"]
    assert [entry["Key"].split("/")[0] for entry in listed] == ["unknown-device"]


@pytest.mark.slow
def test_dead_letters_are_listed_and_replayed_to_the_byte(twin: Twin, session: Session, aws: Aws) -> None:
    names = names_of(twin, session)
    bucket = names.dead_letters_s3_bucket()
    items = [
        b'{"iotDeviceId": "pump-1", "id": "2026-01-02T00:00:0%dZ", "v": 0.10000000000000000055}' % n for n in (1, 2)
    ]
    letter = DeadLetter("processor-failed", "why", "default-processor", items[0], "pump-1")
    payload = {"payload": base64.b64encode(items[1]).decode(), "topic": f"{twin.name}/pump-1/telemetry", "client": "c"}
    context = {"condition": "RetriesExhausted", "approximateInvokeCount": 3}
    record = {"requestContext": context, "requestPayload": payload}
    for key, body in (
        (letter.key(datetime(2026, 1, 2, tzinfo=UTC)), letter.to_json()),
        ("aws/lambda/async/dispatcher/2026/01/02/x", json.dumps(record).encode()),
        ("notes.txt", b"mine"),
    ):
        aws("s3").put_object(Bucket=bucket, Key=key, Body=body)
    with OpenTwin(twin, session) as opened:
        listed = opened.letters(problem=["processor-failed", "undelivered"])
        assert listed.counts() == {"processor-failed": 1, "undelivered": 1}
        replayed = opened.replay_letters(problem=["processor-failed", "undelivered"])
        replayed.raise_if_failed()
        assert replayed.total("arrived") == 2
        found = opened.query("pump-1", "2026-01-02", "2026-01-02").rows
        assert [str(row["v"]) for row in found] == ["0.10000000000000000055"] * 2
    left = [entry["Key"] for entry in aws("s3").list_objects_v2(Bucket=bucket)["Contents"]]
    assert "notes.txt" in left
    assert not any(key.startswith(("processor-failed", "aws/")) for key in left)


@pytest.mark.slow
def test_events_bring_the_event_checker_and_take_it_away_again(twin: Twin, session: Session) -> None:
    names = names_of(twin, session)
    checker, persister = names.function("event-checker"), names.function("persister")
    with_events = changed(twin, "config_events.json")
    wanted = plan(with_events, session)
    assert f"function {checker}" in told(wanted, "create")
    assert "variable EVENT_CHECKER_LAMBDA_NAME is missing" in told(wanted, "update")[f"function {persister}"]
    assert "lacks lambda:InvokeFunction on" in told(wanted, "update")[f"role {names.role('persister')}"]
    apply(wanted, session)
    assert plan(with_events, session).changes == ()
    (twin.path / "config_events.json").unlink()
    wanted = plan(twin, session)
    assert set(told(wanted, "delete")) == {f"{kind} {name}" for kind, name in _parts(names, "event-checker")}
    apply(wanted, session)
    assert plan(twin, session).changes == ()


def _parts(names: AwsNames, function: str) -> list[tuple[str, str]]:
    own = [("role", names.role(function)), ("log group", names.log_group(function))]
    return [*own, ("function", names.function(function))]


@pytest.mark.slow
def test_a_chain_that_is_given_up_goes_but_for_its_letters_and_destroy_takes_those_with_data(
    session: Session, make_twin: MakeTwin
) -> None:
    twin = make_twin(chain=("aws", "aws"))
    deploy(twin, session)
    names = names_of(twin, session)
    without = changed(twin, "config.json", message_chain=False)
    wanted = plan(without, session)
    gone = list(told(wanted, "delete"))
    here = [function for function in CHAIN if twin.layout.host_of(function)]
    expected = {f"{kind} {name}" for function in here for kind, name in _parts(names, function)}
    source = ["topic rule", "role", "failure destination"]
    source_names = [names.topic_rule(), names.topic_rule_role(), names.function("dispatcher")]
    assert gone[:3] == [f"{kind} {name}" for kind, name in zip(source, source_names, strict=True)]
    assert set(gone[3:]) == expected
    apply(wanted, session)
    assert plan(without, session).changes == ()
    letters = f"bucket {names.dead_letters_s3_bucket()}"
    assert letters in told(plan_destroy(without, session), "keep")
    apply(plan_destroy(without, session, data=True), session)
    assert plan_destroy(without, session, data=True).steps == ()


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", ["PutFunctionEventInvokeConfig", "AddPermission", "CreateTopicRule"])
def test_a_source_that_a_kill_left_half_made_is_completed(
    session: Session, make_twin: MakeTwin, call: str, when: str
) -> None:
    twin = layer_1(session, make_twin)
    assert killed_apply(twin, session, call, when)[-1] == call
    check_completed(twin, session, f"killed {when} {call}")
    apply(plan_destroy(twin, session, data=True), session)
