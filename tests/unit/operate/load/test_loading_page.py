"""The examples of docs/how-to/load.md, run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from l3kit import cli
from l3kit.operate.load.loading import load
from l3kit.operate.load.settings import LoadOptions
from l3kit.operate.open_twin import OpenTwin
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import write_twin
from tests.support.loading import session_with
from tests.support.memory_stores import MemoryHotStore
from tests.support.source_tables import MemorySource

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs" / "how-to" / "load.md").read_text("utf-8")


FENCES = re.findall(r"^```\n(.*?)^```\n", PAGE, re.MULTILINE | re.DOTALL)
CSV = "".join(line.removeprefix("    ") + "\n" for line in PAGE.splitlines() if line.startswith("    "))


def test_the_dry_run_prints_what_the_page_shows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "TWIN").mkdir()
    write_twin(tmp_path / "TWIN", "plant", "aws", "aws", "aws", ["pump-1"], time_digits=3)
    (tmp_path / "pumps.csv").write_text(CSV)
    monkeypatch.chdir(tmp_path)
    command, shown, *_ = FENCES
    words = shlex.split(command)
    assert words.pop(0) == "l3kit"
    assert cli.main(words) == 4
    told = capsys.readouterr().out
    for line in shown.splitlines():
        assert line in told
    assert "pumps.csv:4" in told
    assert "hour-twice" in told
    assert cli.main([*words, "--repeated-hour", "earlier"]) == 0


def test_the_weather_of_the_example_has_no_bad_row() -> None:
    words = shlex.split(FENCES[-1])
    assert words[:2] == ["l3kit", "load"]
    options: LoadOptions = {
        "device": "origin",
        "time": "time_hour",
        "missing": ["NA"],
        "drop": ["year", "month", "day", "hour"],
        "dry_run": True,
    }
    for word in ("--device origin", "--time time_hour", "--missing NA", "--drop year,month,day,hour"):
        assert word in FENCES[-1]
    report = load(None, Twin.load(ROOT / words[2]), [ROOT / words[3]], options)
    assert (report.total("created"), report.total("bad")) == (26_115, 0)


def test_the_table_of_the_page_is_copied(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "TWIN").mkdir()
    write_twin(tmp_path / "TWIN", "plant", "aws", "aws", "aws", ["pump-1"], time_digits=3)
    monkeypatch.chdir(tmp_path)
    twin, store = Twin.load(tmp_path / "TWIN"), MemoryHotStore()
    for command, told in zip(
        FENCES[2].splitlines(), ("a dry run: 2 items", "2 items of table plant: 2 new"), strict=True
    ):
        items = [{"sensor": device, "ts": 1_780_216_200_000, "v": 1} for device in ("pump-1", "pump-2")]
        session = session_with(store, twin, MemorySource({"all": items}))
        code = cli.main(shlex.split(command)[1:], connect=lambda reach, output, at=session: OpenTwin(twin, at))
        assert code == (4 if "--dry-run" in command else 0)
        assert told in capsys.readouterr().out
    assert list(store.devices) == ["pump-1", "pump-2"]
    assert [device.id for device in Twin.load(tmp_path / "TWIN").devices] == ["pump-1", "pump-2"]


def test_the_page_names_every_option() -> None:
    for name in LoadOptions.__annotations__:
        if name not in ("dry_run", "restart"):
            assert f"--{name.replace('_', '-')}" in PAGE, name
