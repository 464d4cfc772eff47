"""What is compared, and what counts as moved once; Firestore for real, with its ramp."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from benchmarks.dataset import device_items
from benchmarks.limited_hot_stores import Moved, main, parse, rows, verify
from l3kit.clouds.aws.data.items import to_chunk_json

FREE = Moved("cosmos", 10, "l3kit", False, 2.0, 1.0, 80.0, 60, 0, 6.0, 300, 300, 300)
LIMITED = replace(FREE, limited=True, wall=9.0, cpu=1.5, requests=90, throttled=30)


def test_ideal_is_the_larger_of_what_the_limits_and_the_run_without_need() -> None:
    free, limited = rows(FREE, LIMITED)
    assert free == "| cosmos | 10 | l3kit | off | 2.0 | | | 1.00 |  | 60 | | | 0 | 80 | 300 of 300 | 300 |"
    assert "| on | 9.0 | 6.0 | 1.50 | 1.50 | 1.50 | 90 | 60 | 1.50 | 30 |" in limited
    assert "| on | 9.0 | 10.0 | 0.90 |" in rows(replace(FREE, wall=10.0), LIMITED)[1]


def test_an_item_counts_as_moved_once_if_it_is_in_one_file_and_as_equal_with_every_digit(tmp_path: Path) -> None:
    wires = [to_chunk_json(orjson.loads(wire)) for _, wire in device_items(0, 4)]
    changed = json.loads(wires[3])  # its number of 24 digits becomes a float
    (tmp_path / "1.json").write_bytes(b"[%b,%b]" % (wires[0], wires[1]))
    (tmp_path / "2.json").write_bytes(b"[%b,%b]" % (wires[1], json.dumps(changed).encode()))
    assert verify(tmp_path, 1, 4) == (2, 1)


@pytest.mark.parametrize(
    ("arguments", "told"), [(["--devices", "0"], "1 to 100"), (["--request-units", "399"], "400 to 1000000")]
)
def test_what_cannot_be_run_is_refused_with_what_can(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse(arguments)
    assert told in capsys.readouterr().err


@pytest.mark.slow
def test_every_item_leaves_firestore_once_with_its_ramp_and_without(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stores", "firestore", "--ways", "l3kit", "--mb", "0.3", "--devices", "3"]) == 0
    lines = [line.split("|") for line in capsys.readouterr().out.splitlines() if " of 900" in line]
    assert [line[15].strip() for line in lines] == ["900 of 900"] * 2
    assert [line[16].strip() for line in lines] == ["900"] * 2
