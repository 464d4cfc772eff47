"""A twin's processor gets each item with exact numbers; what it returns is JSON again, or the message has failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from l3kit.tiering.stream.processing import MAX_RESULT_BYTES, ProcessorFailedError, Processors, files_in


def item(rest: str = '"v":1.50,"n":1e2') -> bytes:
    return f'{{"iotDeviceId":"boiler","id":"2026-05-31T08:30:00.250Z",{rest}}}'.encode()


def loaded(root: Path, code: str) -> Processors:
    path = root / "process.py"
    path.write_text(code, "utf-8")
    return Processors([path])


def run(root: Path, code: str, given: bytes | None = None) -> list[bytes]:
    return loaded(root, code).results(0, given or item())


def test_a_changed_member_is_written_exactly_and_all_others_keep_their_bytes(tmp_path: Path) -> None:
    code = "def process(event):\n    event['w'] = event['v'] * 2\n    event['half'] = 0.5\n    return event\n"
    (found,) = run(tmp_path, code, item('"n":1e2,"v":1.50,"deep":{ "x": [1.0, 2]},"big":12345678901234567890123'))
    assert found.endswith(
        b'"n":1e2,"v":1.50,"deep":{ "x": [1.0, 2]},"big":12345678901234567890123,"w":3.00,"half":0.5}'
    )


def test_a_member_inside_another_can_be_changed(tmp_path: Path) -> None:
    code = "def process(event):\n    event['deep']['x'] = True\n    return event\n"
    assert b'"deep":{"x":true}' in run(tmp_path, code, item('"deep":{"x":1}'))[0]


def test_a_list_is_many_items_and_none_is_none(tmp_path: Path) -> None:
    code = (
        "def process(event):\n"
        "    if event['v'] < 0:\n        return None\n"
        "    return [event, {'deviceId': 'a/b', 'time': 1780216200, 'v': event['v']}]\n"
    )
    processors = loaded(tmp_path, code)
    assert processors.results(0, item('"v":-1')) == []
    assert processors.results(0, item('"v":2')) == [
        item('"v":2'),
        b'{"deviceId":"a/b","time":1780216200,"v":2}',
    ]


def test_the_processors_of_a_package_are_found_by_their_devices(tmp_path: Path) -> None:
    for folder in ("default", "a%2Fb"):
        (tmp_path / "processors" / folder).mkdir(parents=True)
        (tmp_path / "processors" / folder / "process.py").write_text("")
    found = files_in(tmp_path)
    assert {name: path.parent.name for name, path in found.items()} == {"default": "default", "a/b": "a%2Fb"}
    assert files_in(tmp_path / "nothing") == {}


def test_a_processor_is_loaded_once(tmp_path: Path) -> None:
    code = "count = 0\ndef process(event):\n    global count\n    count += 1\n    return {**event, 'count': count}\n"
    processors = loaded(tmp_path, code)
    processors.results(0, item())
    assert b'"count":2' in processors.results(0, item())[0]


def test_a_processor_may_use_dataclasses(tmp_path: Path) -> None:
    code = (
        "from __future__ import annotations\nfrom dataclasses import asdict, dataclass\n"
        "@dataclass\nclass Extra:\n    w: int\n"
        "def process(event):\n    return {**event, **asdict(Extra(5))}\n"
    )
    assert b'"w":5' in run(tmp_path, code)[0]


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("def process(event):\n    # why\n    return 1 / 0\n", "raised ZeroDivisionError: division by zero (line 3)"),
        ("def process(event):\n    raise SystemExit(3)\n", "raised SystemExit: 3 (line 2)"),
        ("def process(event):\n    raise KeyboardInterrupt\n", "raised KeyboardInterrupt"),
        ("def process(event):\n    raise RecursionError('too deep')\n", "raised RecursionError: too deep (line 2)"),
        ("def process(event):\n    return event['gone']\n", "raised KeyError: 'gone' (line 2)"),
        ("import nowhere_to_be_found\n", "cannot be loaded: it raised ModuleNotFoundError"),
        ("raise SystemExit\n", "cannot be loaded: it raised SystemExit"),
        ("process = 5\n", "has no function process"),
        ("def process(event):\n    return 'text'\n", "returned str instead of a dict"),
        ("def process(event):\n    return [event, None]\n", "returned NoneType instead of a dict"),
        ("def process(event):\n    return {**event, 'x': float('nan')}\n", "not JSON: nan is not a finite number"),
        ("def process(event):\n    return {**event, 'x': [{1, 2}]}\n", "returned what is not JSON"),
        ("def process(event):\n    return {**event, 5: 1}\n", "the name 5 is not text"),
        ("def process(event):\n    return {**event, 'x': 10 ** 5000}\n", "returned what is not JSON"),
        ("def process(event):\n    event['x'] = event\n    return event\n", "returned what is not JSON"),
        (f"def process(event):\n    return {{'x': 'y' * {MAX_RESULT_BYTES}}}\n", "returned more than 4,194,304 bytes"),
        (
            "class Own(Exception):\n    def __str__(self):\n        raise ValueError\n"
            "def process(event):\n    raise Own\n",
            "raised",
        ),
    ],
)
def test_a_broken_processor_or_a_wrong_result_is_told(tmp_path: Path, code: str, cause: str) -> None:
    with pytest.raises(ProcessorFailedError) as raised:
        run(tmp_path, code)
    assert cause in str(raised.value)


def test_after_one_that_raised_the_next_item_goes_on(tmp_path: Path) -> None:
    processors = loaded(tmp_path, "def process(event):\n    return {**event, 'w': 1 / event['v']}\n")
    with pytest.raises(ProcessorFailedError):
        processors.results(0, item('"v":0'))
    assert len(processors.results(0, item('"v":2'))) == 1
