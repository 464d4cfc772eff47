"""The command `load`: options, output and exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Self

import pytest

from l3kit import cli
from l3kit.cli.exit_codes import LEFT_OVER
from l3kit.operate.load.settings import LoadOptions
from l3kit.operate.open_twin import OpenTwin
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import write_twin
from tests.support.loading import session_with
from tests.support.memory_stores import MemoryHotStore


class Asked:
    """An open twin that keeps what it is asked to load."""

    def __init__(self) -> None:
        self.files: tuple[str, ...] = ()
        self.options: LoadOptions = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def load(self, *files: str, **options: Any) -> Asked:
        self.files, self.options = files, options  # type: ignore[assignment]
        return self

    def total(self, kind: str) -> int:
        return 0


def asked(*arguments: str) -> LoadOptions:
    twin: Any = Asked()
    assert cli.main(["load", *arguments], connect=lambda reach, output: twin) == 0
    assert twin.files == (() if "--from-table" in arguments else ("a.csv",))
    return twin.options  # type: ignore[no-any-return]


@pytest.fixture
def twin(tmp_path: Path) -> Twin:
    (tmp_path / "twin").mkdir()
    write_twin(tmp_path / "twin", "plant", "aws", "aws", "aws", ["pump-1"])
    return Twin.load(tmp_path / "twin")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    path.write_text("device,time,v\npump-1,2026-05-31T08:30:00Z,1\n")
    return path


def test_a_load_ends_with_0_if_every_row_is_in_and_with_another_code_if_not(
    twin: Twin, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = MemoryHotStore()
    opened = OpenTwin(twin, session_with(store, twin))
    assert cli.main(["load", str(twin.path), str(file)], connect=lambda reach, output: opened) == 0
    assert "1 row of 1 file: 1 new in the hot tier" in capsys.readouterr().out
    file.write_text(file.read_text() + "pump-1,soon,1\n")
    opened = OpenTwin(twin, session_with(store, twin))
    assert cli.main(["load", str(twin.path), str(file), "--json"], connect=lambda reach, output: opened) == LEFT_OVER
    told = json.loads(capsys.readouterr().out)["files"][0]
    assert (told["same"], told["bad"], told["problems"]) == (1, 1, {"bad-time": 1})
    assert told["first_bad"][0]["row"] == 3
    assert Path(told["bad_rows"]).exists()


def test_a_dry_run_connects_to_nothing(twin: Twin, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["load", str(twin.path), str(file), "--dry-run"]) == 0
    assert '{"iotDeviceId":"pump-1","id":"2026-05-31T08:30:00Z","v":1}' in capsys.readouterr().out
    assert cli.main(["load", str(twin.path), str(file), "--dry-run", "--time", "tme", "--json"]) == 1
    assert "did you mean time" in json.loads(capsys.readouterr().out)["error"]["remedy"]


def test_every_option_of_the_api_is_one_of_the_command(twin: Twin) -> None:
    where = str(twin.path)
    options = asked(
        *(where, "a.csv", "--device", "d", "--time", "t", "--rename", "a=b,c=d", "--value", "v", "--drop", "x"),
        *("--time-format", "%Y", "--timezone", "UTC", "--repeated-hour", "later", "--text", "t", "--missing", "NA"),
        *("--decimal", ",", "--delimiter", "\\t", "--encoding", "latin-1", "--columns", "a,b", "--form", "csv"),
        *("--add-devices", "--replace", "--rate", "5", "--out", "o", "--restart", "--shift-to", "2026-01-01"),
    )
    of_table = {"from_table", "from_cloud", "read_rate"}
    assert {*options, *of_table, "device_id"} == set(LoadOptions.__annotations__)
    assert (options["rename"], options["delimiter"], options["rate"]) == ({"a": "b", "c": "d"}, "\t", 5.0)
    assert options["columns"] == ["a", "b"]
    assert not {"device", "form", "rate"} & set(asked(where, "a.csv"))
    assert asked(where, "a.csv", "--drop", 'x,"a, b"', "--drop", "y")["drop"] == ["x", "a, b", "y"]


def test_a_table_takes_the_place_of_files_and_its_dry_run_connects_too(twin: Twin) -> None:
    table = ("--from-table", "plant", "--from-cloud", "aws", "--read-rate", "6")
    options = asked(str(twin.path), *table, "--dry-run")
    assert (options["from_table"], options["from_cloud"], options["read_rate"]) == ("plant", "aws", 6.0)
    assert options["dry_run"]


@pytest.mark.parametrize("text", ["a", "=b", "a="])
def test_a_rename_that_is_none_is_refused(text: str, twin: Twin, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["load", str(twin.path), "a.csv", "--rename", text]) == 1
    assert "is not OLD=NEW" in capsys.readouterr().err


def test_an_open_twin_loads_files(twin: Twin, file: Path) -> None:
    store = MemoryHotStore()
    report = OpenTwin(twin, session_with(store, twin)).load(file, rename={"v": "value"})
    assert report.total("created") == 1
    assert list(store.devices["pump-1"].values()) == [b'{"iotDeviceId":"pump-1","id":"2026-05-31T08:30:00Z","value":1}']
