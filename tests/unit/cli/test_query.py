"""`query`: a device's readings as a table, JSON and CSV, with every digit."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from l3kit.cli.readings import csv_of, plain
from l3kit.errors import L3Error
from l3kit.operate.query import QueryResult
from tests.support.answering import Answering

LONG = "39.0200000000000000000000000001"


def result(count: int = 30) -> QueryResult:
    rows: tuple[dict[str, Any], ...] = tuple(
        {
            "iotDeviceId": "JFK",
            "id": f"2026-03-01T00:00:{n:02d}Z",
            "tier": "cold" if n < 20 else "hot",
            "temp": Decimal(LONG),
            **({"note": 'a, "b"', "parts": {"x": [Decimal("1.50"), None]}} if n == 0 else {}),
        }
        for n in range(count)
    )
    return QueryResult("JFK", "", "", rows, ())


def test_the_range_is_handed_on_as_it_is_given() -> None:
    twin = Answering(query=result())
    assert twin.command("query", "JFK", "--from", "2026-03-01", "--to", "2026-03-02") == 0
    assert twin.asked == [("query", ("JFK", "2026-03-01", "2026-03-02"), {})]


def test_a_table_has_the_first_readings_and_tells_how_many_more_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    twin = Answering(query=result())
    assert twin.command("query", "JFK") == 0
    shown = capsys.readouterr().out
    assert shown.startswith("30 readings of JFK: 10 from hot, 20 from cold\n")
    assert shown.count("2026-03-01T00:00:") == 20
    assert LONG in shown
    assert '{"x":[1.50,null]}' in shown
    assert "10 more readings: --limit all, or --csv FILE" in shown
    assert twin.command("query", "JFK", "--limit", "all") == 0
    shown = capsys.readouterr().out
    assert shown.count("2026-03-01T00:00:") == 30
    assert "more reading" not in shown


def test_json_has_every_reading_with_every_digit(capsys: pytest.CaptureFixture[str]) -> None:
    twin = Answering(query=result())
    assert twin.command("query", "JFK", "--json") == 0
    told = json.loads(capsys.readouterr().out, parse_float=Decimal)
    assert (told["device"], told["complete"], len(told["readings"])) == ("JFK", True, 30)
    assert told["readings"][0]["temp"] == Decimal(LONG)
    assert told["readings"][0]["parts"] == {"x": [Decimal("1.50"), None]}
    assert twin.command("query", "JFK", "--json", "--limit", "3") == 0
    assert len(json.loads(capsys.readouterr().out)["readings"]) == 3


def test_csv_goes_to_stdout_alone_or_into_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    twin = Answering(query=result())
    assert twin.command("query", "JFK", "--csv", "-") == 0
    printed = capsys.readouterr()
    rows = list(csv.DictReader(io.StringIO(printed.out)))
    assert (len(rows), rows[0]["temp"], rows[0]["note"]) == (30, LONG, 'a, "b"')
    assert json.loads(rows[0]["parts"]) == {"x": [1.5, None]}
    assert rows[1]["note"] == ""
    assert "30 readings of JFK" in printed.err
    file = tmp_path / "new" / "jfk.csv"
    assert twin.command("query", "JFK", "--csv", str(file), "--limit", "2", "--json") == 0
    assert json.loads(capsys.readouterr().out)["written"] == 2
    assert file.read_text() == csv_of(result(2).rows)
    assert twin.command("query", "JFK", "--csv", str(tmp_path)) == 1
    assert str(tmp_path) in capsys.readouterr().err


def test_nothing_found_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert Answering(query=result(0)).command("query", "JFK") == 0
    assert capsys.readouterr().out == "0 readings of JFK: none\n"


def test_an_unknown_device_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    twin = Answering(query=L3Error("device JFX", "is not one of them", "did you mean JFK?"))
    assert twin.command("query", "JFX", "--json") == 1
    assert json.loads(capsys.readouterr().out)["error"]["remedy"] == "did you mean JFK?"


def test_values_that_json_lacks_become_text_or_lists() -> None:
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    assert plain({"a": b"\x00", "b": frozenset("yx"), "c": (moment,)}) == {
        "a": "AA==", "b": ["x", "y"], "c": ["2026-03-01T00:00:00+00:00"],
    }  # fmt: skip
