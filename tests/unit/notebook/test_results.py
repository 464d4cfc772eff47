"""Results and the small parts of the facade: JSON beside the notebook, coroutines in Jupyter, runs as tables."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from l3kit.errors import CheckFailedError, ConfigurationError
from l3kit.notebook.gaps import Gap
from l3kit.notebook.results import ResultFile, result_file
from l3kit.operate.coroutines import run
from l3kit.operate.query import QueryResult
from l3kit.operate.reading import Part, merged

NOW = datetime(2026, 11, 28, 23, 0, 5, tzinfo=UTC)
HEAD = {"notebook": "x", "twin": "t", "target": "sandbox", "started": "2026-11-28T22:59:00Z", "version": "1"}


def result_in(folder: Path) -> ResultFile:
    return ResultFile(folder / "out.json", HEAD, folder)


def content_of(result: ResultFile) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(result.path.read_text("utf-8"))
    return content


def test_a_result_says_how_the_run_ended_of_what_and_when(tmp_path: Path) -> None:
    result = ResultFile(tmp_path / "deep" / "out.json", HEAD, tmp_path)
    result.write("passed", {"summary": "20 created", "n": 1}, now=NOW)
    wanted = {**HEAD, "verdict": "passed", "finished": "2026-11-28T23:00:05Z", "summary": "20 created", "n": 1}
    assert content_of(result) == wanted
    assert [p.name for p in result.path.parent.iterdir()] == ["out.json"]
    assert str(result) == "The result is in deep/out.json."


def test_a_run_that_is_killed_leaves_no_earlier_verdict_behind(tmp_path: Path) -> None:
    result = result_in(tmp_path)
    result.write("passed", {})
    result.begin()
    assert content_of(result)["verdict"] == "unfinished"
    assert "finished" not in content_of(result)


def test_a_failed_run_tells_what_why_and_the_remedy(tmp_path: Path) -> None:
    result = result_in(tmp_path)
    result.begin()
    result.failed(CheckFailedError("check", "2 failed", "Deploy again"))
    content = content_of(result)
    told = {"type": "CheckFailedError", "resource": "check", "cause": "2 failed", "remedy": "Deploy again"}
    assert (content["verdict"], content["error"], content["summary"]) == (
        "failed",
        told,
        "check: 2 failed. Deploy again",
    )


def test_a_check_that_fails_after_the_result_was_written_keeps_what_it_holds(tmp_path: Path) -> None:
    result = result_in(tmp_path)
    result.write("passed", {"summary": "2 of 10 failed", "checks": [1, 2]})
    result.failed(CheckFailedError("check", "2 failed"))
    content = content_of(result)
    assert (content["verdict"], content["summary"], content["checks"]) == ("failed", "2 of 10 failed", [1, 2])


def test_an_earlier_runs_result_is_not_taken_for_this_ones(tmp_path: Path) -> None:
    earlier = ResultFile(tmp_path / "out.json", {**HEAD, "started": "2025-01-01T00:00:00Z"}, tmp_path)
    earlier.write("passed", {"summary": "20 created"})
    result_in(tmp_path).failed(KeyboardInterrupt())
    content = content_of(earlier)
    assert (content["verdict"], content["started"]) == ("interrupted", HEAD["started"])
    assert "20 created" not in str(content)


def test_a_librarys_error_shows_its_type_alone_since_its_text_may_hold_anything(tmp_path: Path) -> None:
    result = result_in(tmp_path)
    result.failed(ValueError("https://x/?code=s3cr3t"))
    assert content_of(result)["error"] == {"type": "ValueError"}
    assert "s3cr3t" not in result.path.read_text()


def found(given: dict[str, Any], root: Path, output: Path | None = None, folder: str = "", process: int = 7) -> Path:
    return result_file("x", given, root=root, output=output, folder=folder, version="1", now=NOW, process=process).path


def test_the_result_lies_beside_the_output_notebook_or_where_it_was_told_to(tmp_path: Path) -> None:
    beside = tmp_path / "runs" / "monday.ipynb"
    assert found({}, tmp_path, beside) == tmp_path / "runs" / "monday.json"
    assert found({"result_path": "here.json"}, tmp_path, beside) == Path("here.json")


def test_without_an_output_notebook_no_two_runs_write_the_same_file(tmp_path: Path) -> None:
    given = {"twin": "params/twins/pumps"}
    assert found(given, tmp_path) == tmp_path / "build" / "results" / "x.pumps.20261128T230005Z-7.json"
    assert found(given, tmp_path, folder=str(tmp_path / "ci")).parent == tmp_path / "ci"
    runs = [({"twin": "a"}, 7), ({"twin": "b"}, 7), ({"twin": "a"}, 8)]
    assert len({found(given, tmp_path, process=process) for given, process in runs}) == len(runs)


@pytest.mark.parametrize("twin", [None, 3, "", "no/such/folder", "/"])
def test_a_twin_that_cannot_be_read_still_has_a_result(twin: object, tmp_path: Path) -> None:
    assert found({"twin": twin}, tmp_path).parent == tmp_path / "build" / "results"


def test_a_result_never_holds_a_secret(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"x\.links\[0\]\.token: names a secret"):
        result_in(tmp_path).write("passed", {"links": [{"token": "abc"}]})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("value", [["abc"], {"value": "abc"}, [{"deep": ("abc",)}], b"abc"])
def test_a_secret_is_found_however_deep_it_lies(tmp_path: Path, value: object) -> None:
    with pytest.raises(ConfigurationError, match="names a secret") as caught:
        result_in(tmp_path).write("passed", {"tokens": value})
    assert "abc" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_counts_and_blanks_below_such_a_name_are_no_secrets(tmp_path: Path) -> None:
    result = result_in(tmp_path)
    result.write("passed", {"rotate_tokens": True, "tokens": 3, "token": "", "secret": None})
    assert content_of(result)["tokens"] == 3


def test_a_result_is_json_that_any_program_reads(tmp_path: Path) -> None:
    def refuse(name: str) -> None:
        raise AssertionError(name)

    data = {"nan": float("nan"), "list": [float("inf"), 1.5], "count": np.int64(5), "flag": np.bool_(True)}
    result = result_in(tmp_path)
    result.write("passed", data)
    content = json.loads(result.path.read_text(), parse_constant=refuse)
    assert {name: content[name] for name in data} == {"nan": None, "list": [None, 1.5], "count": 5, "flag": True}


def test_a_result_that_cannot_be_written_leaves_the_last_one(tmp_path: Path) -> None:
    class Hostile:
        def __str__(self) -> str:
            raise ValueError("no text")

    result = result_in(tmp_path)
    result.write("passed", {"n": 1})
    with pytest.raises(ValueError, match="no text"):
        result.write("passed", {"n": Hostile()})
    assert content_of(result)["n"] == 1
    assert list(tmp_path.iterdir()) == [result.path]


async def _answer() -> int:
    await asyncio.sleep(0)
    return 42


def test_coroutines_run_with_and_without_a_running_loop() -> None:
    assert run(_answer()) == 42

    async def inside_jupyter() -> int:
        return run(_answer())

    assert asyncio.run(inside_jupyter()) == 42


def test_an_item_seen_in_two_tiers_is_shown_once_and_versions_are_all_shown() -> None:
    old, new = {"iotDeviceId": "d", "id": "b", "v": Decimal("1.0")}, {"iotDeviceId": "d", "id": "b", "v": 2}
    found = [
        ("hot", {"iotDeviceId": "d", "id": "b", "v": Decimal("1.0")}),
        ("cold", old),
        ("cold", new),
        ("archive", {"iotDeviceId": "d", "id": "a", "v": 0}),
    ]
    rows, duplicates, versions = merged(found)
    assert (rows[0]["tier"], rows[0]["id"]) == ("archive", "a")
    assert len(rows) == 3
    assert (duplicates, versions) == (1, 1)


def test_a_query_says_what_is_missing() -> None:
    rows = ({"tier": "hot", "iotDeviceId": "d", "id": "2026-01-01T00:00:00Z", "temp": Decimal("1.50")},)
    result = QueryResult("d", "", "z", rows, (Part("archive", "k", 10, "archived", None),))
    assert result.summary() == "1 reading of d: 1 from hot; 1 archived object must be restored first"
    assert not result.complete
    frame = result.to_frame()
    assert list(frame.columns) == ["time", "tier", "temp"]
    assert frame["temp"][0] == 1.5
    assert QueryResult("d", "", "z", (), ()).to_frame().empty


def test_a_query_shows_what_is_missing_before_what_was_read_with_every_key_whole() -> None:
    keys = [f"d/2026-01-0{n}T00:00:00Z-2026-01-0{n}T23:00:00Z/chunk-0000{n}.json.zst" for n in (1, 2)]
    parts = (Part("cold", keys[0], 1000, "readable", 5), Part("archive", keys[1], 1234567, "archived", None))
    gap = Gap("hot", "hot tier on azure", "is not reached", "Connect with azure's credentials as well")
    result = QueryResult("d", "", "z", (), parts, gaps=(gap,))
    missing, objects = result.sheet().tables
    assert missing.rows == (("hot", gap.what, gap.reason, gap.remedy),)
    assert objects.rows == (
        ("archive", "archived", "-", "1,234,567", keys[1]),
        ("cold", "readable", "5", "1,000", keys[0]),
    )
    assert all(text in str(result) and text in result._repr_html_() for text in (*keys, result.summary()))
    assert str(QueryResult("d", "", "z", (), ())) == "0 readings of d: none"


def test_importing_the_package_loads_neither_an_sdk_nor_pandas() -> None:
    heavy = "('boto3', 'pandas', 'pydantic')"
    code = f"import sys, l3kit, l3kit.tiering.movers.hot_to_cold; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
