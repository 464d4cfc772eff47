"""Messages of devices become items of one form, everything but key and time as it was sent, or are refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from l3kit.errors import ConfigurationError
from l3kit.tiering.format.messages import (
    MAX_MESSAGE_BYTES,
    MessageProblem,
    MessageRefusedError,
    MessageRules,
    normalise,
    split_payload,
)
from l3kit.tiering.format.strict_json import members
from l3kit.tiering.settings.twin_info import TwinInfo

NOW = datetime(2026, 6, 1, tzinfo=UTC)
RULES = MessageRules(frozenset({"pump-1", "传感器-2"}))
TIME = "2026-05-31T08:30:00.250Z"
INFO: dict[str, Any] = {
    "config": {"digital_twin_name": "plant", "hot_storage_size_in_days": 7, "cold_storage_size_in_days": 30},
    "config_iot_devices": [{"id": "pump-1"}],
}


def item(text: str, rules: MessageRules = RULES) -> str:
    return normalise(text.encode(), rules, NOW).json.decode()


def refused(message: str | bytes, rules: MessageRules = RULES) -> MessageRefusedError:
    with pytest.raises(MessageRefusedError) as caught:
        normalise(message.encode() if isinstance(message, str) else message, rules, NOW)
    assert caught.value.cause
    assert caught.value.remedy
    assert len(str(caught.value)) < 500
    return caught.value


@pytest.mark.parametrize("device", ["iotDeviceId", "deviceId", "device_id"])
@pytest.mark.parametrize("time", ["id", "time", "timestamp"])
def test_device_and_time_are_known_by_three_names_each(device: str, time: str) -> None:
    text = f'{{"v": 1.50, "{time}": "{TIME}", "{device}": "pump-1", "w": [1, {{"x": 2}}]}}'
    assert item(text) == f'{{"iotDeviceId":"pump-1","id":"{TIME}","v":1.50,"w":[1, {{"x": 2}}]}}'


def test_the_first_name_decides_and_the_others_stay_ordinary_members() -> None:
    text = f'{{"timestamp":5,"time":"{TIME}","device_id":"x","deviceId":"pump-1"}}'
    assert item(text) == f'{{"iotDeviceId":"pump-1","id":"{TIME}","timestamp":5,"device_id":"x"}}'


@pytest.mark.parametrize(
    "time",
    [
        f'"{TIME}"',
        '"2026-05-31T08:30:00.25+00:00"',
        '"2026-05-31T10:30:00.250+02:00"',
        '"2026-05-31 08:30:00.250000000z"',
        '"20260531T083000.250Z"',
        "1780216200250",
        '"1780216200250"',
        "1780216200250000",
        "1780216200250000000",
    ],
)
def test_every_form_of_a_time_becomes_the_canonical_one(time: str) -> None:
    assert item(f'{{"iotDeviceId":"pump-1","time":{time}}}') == f'{{"iotDeviceId":"pump-1","id":"{TIME}"}}'


@pytest.mark.parametrize(("digits", "canonical"), [(0, "2026-05-31T08:30:00Z"), (9, "2026-05-31T08:30:00.000000000Z")])
def test_the_twin_decides_the_digits_of_the_time(digits: int, canonical: str) -> None:
    rules = MessageRules(RULES.devices, time_digits=digits)
    assert f'"id":"{canonical}"' in item('{"iotDeviceId":"pump-1","time":1780216200}', rules)
    error = refused(f'{{"iotDeviceId":"pump-1","time":"{TIME}"}}', MessageRules(RULES.devices, time_digits=1))
    assert (error.problem, error.field) == (MessageProblem.BAD_TIME, "time")
    assert "Set time_digits to 2" in error.remedy


KEY = f'"iotDeviceId":"pump-1","id":"{TIME}"'


@pytest.mark.parametrize(
    ("message", "problem", "field"),
    [
        ("", "not-json", ""),
        ("[1]", "not-json", ""),
        ('"text"', "not-json", ""),
        ("{} {}", "not-json", ""),
        (b'{"v":"\xff"}', "not-json", ""),
        ("{'v': 1}", "not-json", ""),
        (f'{{{KEY},"v":NaN}}', "bad-number", "v"),
        (f'{{{KEY},"v":[-Infinity]}}', "bad-number", "v"),
        (f'{{{KEY},"v":1e99999999999999999999}}', "bad-number", "v"),
        (f'{{{KEY},"v":0e99999999999999999999}}', "bad-number", "v"),
        (f'{{{KEY},"v":1,"v":2}}', "duplicate-member", ""),
        (f'{{{KEY},"v":{{"a":1,"\\u0061":1}}}}', "duplicate-member", "v"),
        (f'{{{KEY},"v":"\\ud83d"}}', "bad-text", ""),
        (f'{{{KEY},"v":{"[" * 254}{"]" * 254}}}', "too-deep", ""),
        (f'{{{KEY},"v":{"[" * 100_000}', "too-deep", "v"),
        (f'{{{KEY},"v":"{"x" * MAX_MESSAGE_BYTES}"}}', "too-large", ""),
        (f'{{"id":"{TIME}"}}', "no-device", "iotDeviceId"),
        (f'{{"deviceId":7,"id":"{TIME}"}}', "bad-device", "deviceId"),
        (f'{{"iotDeviceId":null,"deviceId":"pump-1","id":"{TIME}"}}', "bad-device", "iotDeviceId"),
        (f'{{"iotDeviceId":"","id":"{TIME}"}}', "bad-device", "iotDeviceId"),
        (f'{{"iotDeviceId":"_l3kit","id":"{TIME}"}}', "reserved-device", "iotDeviceId"),
        (f'{{"iotDeviceId":"~canary","id":"{TIME}"}}', "reserved-device", "iotDeviceId"),
        (f'{{"device_id":"pump-9","id":"{TIME}"}}', "unknown-device", "device_id"),
        ('{"iotDeviceId":"pump-1"}', "no-time", "id"),
        (f'{{"iotDeviceId":"pump-1","id":"a7f3","time":"{TIME}"}}', "bad-time", "id"),
        ('{"iotDeviceId":"pump-1","time":"2026-05-31T08:30:00"}', "bad-time", "time"),
        ('{"iotDeviceId":"pump-1","time":"2026-02-30T08:30:00.000Z"}', "bad-time", "time"),
        ('{"iotDeviceId":"pump-1","time":"2026-05-31T24:00:00.000Z"}', "bad-time", "time"),
        ('{"iotDeviceId":"pump-1","time":1780216200.25}', "bad-time", "time"),
        ('{"iotDeviceId":"pump-1","time":1.7e9}', "bad-time", "time"),
        ('{"iotDeviceId":"pump-1","time":-1780216200}', "bad-time", "time"),
        ('{"iotDeviceId":"pump-1","time":12}', "bad-time", "time"),
        ('{"iotDeviceId":"pump-1","time":true}', "bad-time", "time"),
        ('{"iotDeviceId":"pump-1","time":["2026"]}', "bad-time", "time"),
        ('{"iotDeviceId":"pump-1","id":"1970-01-01T00:00:12Z"}', "impossible-time", "id"),
        ('{"iotDeviceId":"pump-1","id":"2000-12-31T23:59:59.999Z"}', "impossible-time", "id"),
        ('{"iotDeviceId":"pump-1","id":"2026-06-02T00:00:00.001Z"}', "impossible-time", "id"),
        ('{"iotDeviceId":"pump-1","timestamp":"2099-01-01T00:00:00Z"}', "impossible-time", "timestamp"),
    ],
)
def test_a_message_that_cannot_be_an_item_is_refused_with_problem_member_and_remedy(
    message: str | bytes, problem: str, field: str
) -> None:
    error = refused(message)
    assert (error.problem, error.field) == (problem, field)


def test_the_bounds_of_time_are_included_and_can_be_lifted() -> None:
    for time in ("2001-01-01T00:00:00.000Z", "2026-06-02T00:00:00.000Z"):
        assert time in item(f'{{"iotDeviceId":"pump-1","id":"{time}"}}')
    anytime = MessageRules(RULES.devices, earliest=None, ahead=None)
    for time in ("0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"):
        assert time in item(f'{{"iotDeviceId":"pump-1","id":"{time}"}}', anytime)


def test_what_is_accepted_is_small_enough_to_be_accepted_again() -> None:
    text = '{"iotDeviceId":"pump-1","time":1780216200,"v":"x"}'
    size = len(item(text))
    assert size > len(text)
    assert item(item(text, MessageRules(RULES.devices, max_bytes=size)), MessageRules(RULES.devices, max_bytes=size))
    assert refused(text, MessageRules(RULES.devices, max_bytes=size - 1)).problem is MessageProblem.TOO_LARGE


def test_an_unknown_device_can_be_kept_but_not_a_reserved_or_endless_one() -> None:
    keeping = MessageRules(frozenset(), keep_unknown=True)
    assert item(f'{{"deviceId":"pump-9","id":"{TIME}"}}', keeping) == f'{{"iotDeviceId":"pump-9","id":"{TIME}"}}'
    assert refused(f'{{"deviceId":"_l3kit","id":"{TIME}"}}', keeping).problem is MessageProblem.RESERVED_DEVICE
    assert refused(f'{{"deviceId":"{"x" * 513}","id":"{TIME}"}}', keeping).problem is MessageProblem.BAD_DEVICE


def test_rules_come_from_the_twins_config() -> None:
    info = INFO | {
        "config": INFO["config"]
        | {"time_digits": 0, "earliest_reading": "2020", "reading_hours_ahead": 1, "unknown_devices": "keep"}
    }
    assert MessageRules.of(TwinInfo.parse(json.dumps(INFO))) == MessageRules(frozenset({"pump-1"}))
    with pytest.raises(ConfigurationError, match="a setting of times is malformed"):
        MessageRules.of(TwinInfo.parse(json.dumps(info)))
    info["config"]["earliest_reading"] = "2020-01-01T01:00:00+01:00"
    assert MessageRules.of(TwinInfo.parse(json.dumps(info))) == MessageRules(
        frozenset({"pump-1"}), True, 0, datetime(2020, 1, 1, tzinfo=UTC), timedelta(hours=1)
    )


TEXTS = st.text('abé"\\/😀\x00 ', max_size=4)
NUMBERS = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "-"]),
    st.sampled_from(["0", "1", "10", "100", "12345678901234567890123"]),
    st.sampled_from(["", ".0", ".10", ".1000000000000000000001"]),
    st.sampled_from(["", "e2", "E-2", "e+400"]),
)
VALUES = st.one_of(
    NUMBERS,
    TEXTS.map(json.dumps),
    st.sampled_from(["true", "null", "[ ]", '{ "a" : [1.50,\t{"b": 1E2}], "c":{}}']),
)


@st.composite
def messages(draw: st.DrawFn) -> str:
    """A message with any members in any order, spelled in many ways."""
    taken = {"iotDeviceId", "deviceId", "device_id", "id", "time", "timestamp"}
    others = draw(st.dictionaries(TEXTS.filter(lambda name: name not in taken), VALUES, max_size=6))
    escaped = draw(st.booleans())
    parts = [(json.dumps(name, ensure_ascii=escaped), value) for name, value in others.items()]
    device = json.dumps(draw(st.sampled_from(sorted(RULES.devices))), ensure_ascii=escaped)
    parts.append((f'"{draw(st.sampled_from(["iotDeviceId", "deviceId", "device_id"]))}"', device))
    time = draw(st.sampled_from([f'"{TIME}"', "1780216200250", '"2026-05-31T10:30:00.25+02:00"']))
    parts.append((f'"{draw(st.sampled_from(["id", "time", "timestamp"]))}"', time))
    blank = draw(st.sampled_from(["", " ", "\n\t"]))
    return f"{{{blank}" + f"{blank},".join(f"{n}:{blank}{v}" for n, v in draw(st.permutations(parts))) + f"{blank}}}"


@settings(max_examples=50)
@given(messages())
def test_all_but_key_and_time_is_kept_to_the_last_digit_in_its_order(message: str) -> None:
    found = normalise(message.encode(), RULES, NOW)
    assert found.id == TIME
    before, after = members(message.encode()), members(found.json)
    assert list(after)[:2] == ["iotDeviceId", "id"]
    keys = {"iotDeviceId", "deviceId", "device_id", "id", "time", "timestamp"}
    assert [part for part in before.items() if part[0] not in keys] == list(after.items())[2:]
    assert orjson.loads(after["iotDeviceId"]) == found.device_id
    assert normalise(found.json, RULES, NOW + timedelta(days=3000)) == found  # normal already, whatever the clock says
    nested = message[:-1].rstrip() + ',"nested":{}}'  # flat messages are split in another way
    assert normalise(nested.encode(), RULES, NOW).json == found.json[:-1] + b',"nested":{}}'


@settings(max_examples=15)
@given(st.lists(messages(), max_size=3))
def test_a_list_is_split_into_the_exact_bytes_of_its_messages(found: list[str]) -> None:
    exact = [message.encode() for message in found]
    assert split_payload(b" [ " + b" , ".join(exact) + b" ]\n") == exact


def test_one_message_is_a_payload_of_itself_and_a_bad_one_does_not_spoil_the_others() -> None:
    assert split_payload(b' {"a":1}') == [b' {"a":1}']
    assert split_payload(b'[{"a":1},{"a":NaN,"a":2},7]') == [b'{"a":1}', b'{"a":NaN,"a":2}', b"7"]
    assert split_payload(b"not JSON") == [b"not JSON"]


@pytest.mark.parametrize("body", [b"[", b"[{}", b"[{},]", b"[{} {}]", b"[{}] 1", b"[,]", b"[\xff]", b"[" * 100_000])
def test_a_list_that_cannot_be_split_is_refused(body: bytes) -> None:
    with pytest.raises(MessageRefusedError) as caught:
        split_payload(body)
    assert caught.value.problem in (MessageProblem.NOT_JSON, MessageProblem.TOO_DEEP)
