"""Events of a twin: upstream's form is read, every problem is told with entry and key, and what is sent is exact."""

from __future__ import annotations

import json
from typing import Any

import pytest

from l3kit.errors import ConfigurationError
from l3kit.tiering.format.exact_numbers import exact_loads
from l3kit.tiering.settings.twin_info import TwinInfo
from l3kit.tiering.stream.events import Event, events_of, matches, parse_events

DEVICES = {"boiler", "valve"}
CONDITION = "plant.boiler.temperature > DOUBLE(90)"
CALL: dict[str, Any] = {
    "_comment": "upstream's form",
    "condition": CONDITION,
    "action": {
        "_comment": "it deploys the function; l3kit calls it",
        "type": "lambda",
        "functionName": "too-hot",
        "pathToCode": "lambda_functions/event_actions/too-hot",
        "autoDeploy": True,
        "feedback": {"type": "mqtt", "iotDeviceId": "valve", "payload": "open"},
    },
}
REPLY: dict[str, Any] = {
    "condition": CONDITION,
    "action": {"type": "feedback", "payload": {"open": True}},
}
BY_URL: dict[str, Any] = {
    "condition": CONDITION,
    "action": {"type": "function", "functionUrl": "https://example.org/f?code=secret-7"},
}
ITEM = b'{"iotDeviceId":"boiler","id":"2026-05-31T08:30:00.250Z","temperature":90.50,"n":1e2}'


def parsed(*entries: Any) -> tuple[Event, ...]:
    events, problems = parse_events(entries, DEVICES)
    assert problems == ()
    return events


def test_the_upstream_form_is_read_without_its_comments() -> None:
    call, reply, by_url = parsed(CALL, REPLY, BY_URL)
    assert call.call is not None
    assert (call.call.name, call.call.url) == ("too-hot", "")
    assert call.reply is not None
    assert (call.reply.device_id, call.reply.payload) == ("valve", "open")
    assert "_comment" not in json.dumps(call.entry)
    assert reply.call is None
    assert by_url.call is not None
    assert by_url.call.url.endswith("secret-7")
    assert "secret-7" not in repr(by_url.call)


def test_an_event_travels_and_is_the_same_again() -> None:
    events = parsed(CALL, REPLY, BY_URL)
    info = {
        "config": {"digital_twin_name": "plant", "hot_storage_size_in_days": 7, "cold_storage_size_in_days": 30},
        "config_iot_devices": [{"id": device} for device in DEVICES],
        "config_events": [event.entry for event in events],
    }
    assert events_of(TwinInfo.parse(json.dumps(info))) == events
    info["config_events"] = [{"condition": "x"}]
    with pytest.raises(ConfigurationError, match="config_events: entry 0: condition: has 'x' at character 1"):
        events_of(TwinInfo.parse(json.dumps(info)))


@pytest.mark.parametrize("kind", ["step_function", "logic_app", "workflow"])
def test_what_is_not_offered_yet_is_refused_by_name(kind: str) -> None:
    entry = {"condition": CONDITION, "action": {"type": kind, "functionName": "a", "functionNameB": "b"}}
    events, problems = parse_events([REPLY, entry], DEVICES)
    assert len(events) == 1
    assert problems == (f"entry 1: action.type: {kind} is not offered yet; have a function (type function) start it",)


def action(**changes: Any) -> dict[str, Any]:
    return {"condition": CONDITION, "action": {**BY_URL["action"], **changes}}


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (5, "entry 0: must be an object"),
        ({**REPLY, "action": {"type": "feedback", "payload": float("nan")}}, "entry 0: cannot be sent as JSON"),
        ({**REPLY, "action": {"type": "feedback", "payload": "\ud800"}}, "entry 0: cannot be sent as JSON"),
        ({**REPLY, "action": {"type": "feedback", "payload": 10**30}}, "entry 0: cannot be sent as JSON"),
        ({}, "entry 0: condition: must be a text"),
        ({"condition": CONDITION}, "entry 0: action: must be an object"),
        ({**REPLY, "conditon": 1}, "entry 0: conditon: is not a known key; known are condition, action"),
        ({**REPLY, "condition": "plant.t >> DOUBLE(1)"}, "entry 0: condition: has no value at character 10"),
        (action(type="sms"), "entry 0: action.type: must be one of lambda, function, feedback, not 'sms'"),
        (action(type=None), "not None"),
        (action(functionName="f"), "entry 0: action: must have either functionName or functionUrl"),
        (action(functionUrl=None), "entry 0: action: must have either functionName or functionUrl"),
        (action(functionUrl=None, functionName="a b"), "entry 0: action.functionName: must be"),
        (action(functionUrl="http://example.org/?key=secret-7"), "action.functionUrl: must begin with https://"),
        (action(functionUrl="https://u:secret-7@example.org/"), "have no user name"),
        (action(functionUrl="https:///secret-7"), "must name a host"),
        (action(functionUrl="https://example.org:secret-7/"), "is malformed"),
        (action(functionUrl="https://example.org/ secret-7"), "without blanks"),
        (action(functionNameB="f"), "entry 0: action.functionNameB: is not a known key"),
        (action(feedback="open"), "entry 0: action.feedback: must be an object"),
        (action(feedback={"type": "mqtt", "payload": 1}), "action.feedback.iotDeviceId: None is not a device"),
        (
            action(feedback={"type": "mqtt", "iotDeviceId": "pump", "payload": 1}),
            "entry 0: action.feedback.iotDeviceId: 'pump' is not a device of config_iot_devices.json",
        ),
        (action(feedback={"type": "http", "iotDeviceId": "valve", "payload": 1}), "action.feedback.type: must be mqtt"),
        (action(feedback={"type": "mqtt", "iotDeviceId": "valve"}), "action.feedback.payload: is missing"),
        ({"condition": CONDITION, "action": {"type": "feedback"}}, "entry 0: action.payload: is missing"),
    ],
)
def test_a_problem_names_entry_and_key_and_shows_no_secret(entry: Any, problem: str) -> None:
    events, problems = parse_events([entry], DEVICES)
    assert events == ()
    assert problem in "\n".join(problems)
    assert "secret-7" not in "\n".join(problems)


@pytest.mark.parametrize("host", ["127.0.0.1:80", "localhost", "[::1]:8080"])
def test_plain_http_is_allowed_on_loopback(host: str) -> None:
    assert parsed(action(functionUrl=f"http://{host}/f"))


def test_all_problems_of_all_entries_are_told_together() -> None:
    _, problems = parse_events([{"condition": 1, "x": 2}, CALL, {"action": {}}], DEVICES)
    assert len(problems) == 5


def test_what_a_match_sends_has_the_items_bytes_and_exact_values() -> None:
    call, reply = matches(parsed(CALL, REPLY), exact_loads(ITEM))
    assert b'"event":' + ITEM in call.call_payload(ITEM)
    assert json.loads(call.call_payload(ITEM))["action"] == json.loads(call.call_payload(ITEM))["e"]["action"]
    assert call.reply_payload() == (
        "valve",
        b'{"message":"open","actual_value":90.50,"threshold":90,"condition":"%b"}' % CONDITION.encode(),
    )
    assert reply.reply_payload()[0] == "boiler"
    assert not list(matches(parsed(CALL), exact_loads(ITEM.replace(b"90.50", b"90"))))
