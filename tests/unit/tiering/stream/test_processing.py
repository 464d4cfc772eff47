"""A twin's processor gets each item with exact numbers; what it returns is an item again, or the message has failed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from l3kit.tiering.format.canary import canary_message
from l3kit.tiering.format.messages import MessageProblem, MessageRules, Telemetry, normalise
from l3kit.tiering.stream.processing import Processed, Processors

NOW = datetime(2026, 6, 1, tzinfo=UTC)
RULES = MessageRules(frozenset({"boiler", "a/b"}))


def item(device: str = "boiler", rest: str = '"v":1.50,"n":1e2') -> Telemetry:
    return normalise(f'{{"iotDeviceId":"{device}","id":"2026-05-31T08:30:00.250Z",{rest}}}'.encode(), RULES, NOW)


def run(root: Path, code: str, *items: Telemetry, folder: str = "default") -> Processed:
    place = root / "processors" / folder
    place.mkdir(parents=True, exist_ok=True)
    (place / "process.py").write_text(code, "utf-8")
    return Processors.packed_in(root).process(items or (item(),), RULES, NOW)


def reason(done: Processed) -> str:
    ((_, error),) = done.failed
    assert (done.items, done.dropped) == ((), 0)
    assert error.problem is MessageProblem.PROCESSOR_FAILED
    assert error.remedy
    return error.cause


def test_a_canary_goes_to_no_processor(tmp_path: Path) -> None:
    canary = normalise(canary_message("0" * 32, "2026-05-31T08:30:00.250Z"), RULES, NOW)
    code = "def process(event):\n    raise ValueError"
    assert run(tmp_path, code, canary) == Processed((canary,), (), 0)


def test_without_a_processor_items_stay_as_they_are(tmp_path: Path) -> None:
    given = (item(), item("a/b"))
    assert Processors.packed_in(tmp_path).process(given, RULES, NOW) == Processed(given, (), 0)


def test_a_changed_member_is_written_exactly_and_all_others_keep_their_bytes(tmp_path: Path) -> None:
    code = "def process(event):\n    event['w'] = event['v'] * 2\n    event['half'] = 0.5\n    return event\n"
    done = run(tmp_path, code, item(rest='"n":1e2,"v":1.50,"deep":{ "x": [1.0, 2]},"big":12345678901234567890123'))
    (found,) = done.items
    assert found.json.endswith(
        b'"n":1e2,"v":1.50,"deep":{ "x": [1.0, 2]},"big":12345678901234567890123,"w":3.00,"half":0.5}'
    )


def test_a_member_inside_another_can_be_changed(tmp_path: Path) -> None:
    code = "def process(event):\n    event['deep']['x'] = True\n    return event\n"
    assert b'"deep":{"x":true}' in run(tmp_path, code, item(rest='"deep":{"x":1}')).items[0].json


def test_a_list_is_many_items_and_none_is_none(tmp_path: Path) -> None:
    code = (
        "def process(event):\n"
        "    if event['v'] < 0:\n        return None\n"
        "    return [event, {'deviceId': 'a/b', 'time': 1780216200, 'v': event['v']}]\n"
    )
    done = run(tmp_path, code, item(rest='"v":-1'), item())
    assert done.dropped == 1
    assert [found.device_id for found in done.items] == ["boiler", "a/b"]
    assert done.items[1].id == "2026-05-31T08:30:00.000Z"


def test_a_devices_own_processor_goes_before_the_default_one(tmp_path: Path) -> None:
    code = "def process(event):\n    return {**event, 'by': '%s'}\n"
    run(tmp_path, code % "default")
    done = run(tmp_path, code % "own", item(), item("a/b"), folder="a%2Fb")
    assert [b'"by":"own"' in found.json for found in done.items] == [False, True]
    assert all(b'"by":"' in found.json for found in done.items)


def test_a_processor_is_loaded_once(tmp_path: Path) -> None:
    code = "count = 0\ndef process(event):\n    global count\n    count += 1\n    return {**event, 'count': count}\n"
    assert b'"count":2' in run(tmp_path, code, item(), item()).items[1].json


def test_a_processor_may_use_dataclasses(tmp_path: Path) -> None:
    code = (
        "from __future__ import annotations\nfrom dataclasses import asdict, dataclass\n"
        "@dataclass\nclass Extra:\n    w: int\n"
        "def process(event):\n    return {**event, **asdict(Extra(5))}\n"
    )
    assert b'"w":5' in run(tmp_path, code).items[0].json


def test_one_that_raises_costs_its_own_message_only(tmp_path: Path) -> None:
    code = "def process(event):\n    # a comment\n    return {**event, 'w': 1 / event['v']}\n"
    done = run(tmp_path, code, item(rest='"v":1'), item(rest='"v":0'), item(rest='"v":2'))
    assert len(done.items) == 2
    ((given, error),) = done.failed
    assert given == item(rest='"v":0')
    assert error.cause == "processors/default/process.py raised ZeroDivisionError: division by zero (line 3)"


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("def process(event):\n    raise SystemExit(3)\n", "raised SystemExit: 3 (line 2)"),
        ("def process(event):\n    return event['gone']\n", "raised KeyError: 'gone' (line 2)"),
        ("import nowhere_to_be_found\n", "cannot be loaded: it raised ModuleNotFoundError"),
        ("process = 5\n", "has no function process"),
        ("def process(event):\n    return 'text'\n", "returned str instead of a dict"),
        ("def process(event):\n    return [event, None]\n", "returned NoneType instead of a dict"),
        ("def process(event):\n    return {**event, 'x': float('nan')}\n", "not JSON: nan is not a finite number"),
        ("def process(event):\n    return {**event, 'x': [{1, 2}]}\n", "returned what is not JSON"),
        ("def process(event):\n    return {**event, 5: 1}\n", "the name 5 is not text"),
        ("def process(event):\n    return {**event, 'x': 10 ** 5000}\n", "returned what is not JSON"),
        ("def process(event):\n    event['x'] = event\n    return event\n", "returned what is not JSON"),
        ("def process(event):\n    return {'v': 1}\n", "returned what is no item: iotDeviceId is missing"),
        ("def process(event):\n    return {**event, 'id': 'noon'}\n", "returned what is no item: id time 'noon'"),
        ("def process(event):\n    return {**event, 'iotDeviceId': 'x'}\n", "is not a device of this twin"),
    ],
)
def test_a_broken_processor_or_a_wrong_result_is_told(tmp_path: Path, code: str, cause: str) -> None:
    assert cause in reason(run(tmp_path, code))
