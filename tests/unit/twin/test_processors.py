"""A twin's processors are found and checked when it is loaded, without running them."""

from __future__ import annotations

from pathlib import Path

import pytest

from l3kit.errors import ConfigurationError
from l3kit.twin.config import Twin
from l3kit.twin.processors import MAX_BYTES, code_faults, load_processors
from tests.unit.twin.test_config import write

GOOD = "import json\nfrom decimal import Decimal\nimport orjson\n\ndef process(event):\n    return event\n"


def put(folder: Path, path: str, code: str | bytes = GOOD) -> None:
    place = folder / "processors" / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(code.encode() if isinstance(code, str) else code)


def test_a_twin_brings_its_processors_as_files_for_the_zip(tmp_path: Path) -> None:
    put(tmp_path, "default/process.py")
    put(tmp_path, "传感器-2/process.py", "raise SystemExit\ndef process(event, *, extra=1): ...\n")
    put(tmp_path, "pump-1/process.py", "\ufeffdef process(*events): ...\n")
    put(tmp_path, "pump-1/README.md", "how it works")
    twin = Twin.load(write(tmp_path))
    assert set(twin.processors) == {f"processors/{name}/process.py" for name in ("default", "传感器-2", "pump-1")}
    assert twin.processors["processors/default/process.py"] == GOOD.encode()


def test_a_twin_without_processors_has_none(tmp_path: Path) -> None:
    assert Twin.load(write(tmp_path)).processors == {}


def test_a_broken_processor_is_reported_with_the_other_problems(tmp_path: Path) -> None:
    put(tmp_path, "pump-9/process.py", "def process(event)\n")
    with pytest.raises(ConfigurationError) as caught:
        Twin.load(write(tmp_path, config={}))
    for part in (
        "config.json: digital_twin_name: is missing",
        "processors/pump-9: 'pump-9' is not a device of config_iot_devices.json; rename the folder to a device",
        "processors/pump-9/process.py: line 1: expected ':'",
    ):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("a%2Fb/process.py", None),
        ("a%2fb/process.py", None),
        ("%ff/process.py", "processors/%ff: its name is not percent-encoded UTF-8"),
        ("default/helper.py", "processors/default: helper.py is not packed"),
        ("default/requirements.txt", "processors/default: requirements.txt is not packed"),
        ("process.py", "processors/process.py: is not packed"),
        ("__pycache__/process.py", None),
    ],
)
def test_what_would_not_be_used_is_told(tmp_path: Path, path: str, problem: str | None) -> None:
    put(tmp_path, "default/process.py")
    put(tmp_path, path)
    _, problems = load_processors(tmp_path, {"a/b"})
    assert len(problems) == (problem is not None)
    assert problem is None or problems[0].startswith(problem)


def test_a_missing_file_and_two_folders_of_one_device_are_told(tmp_path: Path) -> None:
    put(tmp_path, "a%2Fb/process.py")
    put(tmp_path, "a%2fb/README")
    _, problems = load_processors(tmp_path, {"a/b"})
    assert problems == (
        "processors/a%2fb: stands for the same device as a%2Fb; keep one of them",
        "processors/a%2fb/process.py: the file is missing",
    )


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (b"", "has no function process"),
        (b"\xff", "is not UTF-8 (byte 0)"),
        (b"x" * (MAX_BYTES + 1), "at most 1,000,000 are allowed"),
        (b"def process(event):\n  return (\n", "line 2: '(' was never closed"),
        (b"return 5\ndef process(event): ...\n", "line 1: 'return' outside function"),
        (b"def process(event): ...\n\0", "null bytes"),
        (b"x = " + b"(" * 5_000, "too many nested parentheses"),
        (b"class Process:\n  def process(self, event): ...\n", "has no function process"),
        (b"async def process(event): ...\n", "line 1: process is not a plain function"),
        (b"class process: ...\n", "line 1: process is not a plain function"),
        (b"def process(): ...\n", "line 1: process must take one argument"),
        (b"def process(event, context): ...\n", "line 1: process must take one argument"),
        (b"def process(event, *, more): ...\n", "line 1: process must take one argument"),
        (b"import numpy.linalg\ndef process(event): ...\n", "line 1: imports numpy, which the function does not have"),
        (b"def process(event):\n  from l3kit.errors import L3Error\n", "line 2: imports l3kit"),
        (b"from . import helper\ndef process(event): ...\n", "line 1: a relative import finds nothing"),
    ],
)
def test_code_that_could_not_run_is_told_with_its_line(code: bytes, fault: str) -> None:
    (found,) = code_faults(code)
    assert fault in found
