"""What the file system refuses is told."""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from l3kit import sandbox
from l3kit.clouds.aws.price_list import refresh_prices
from l3kit.cost.report.document import make_report
from l3kit.deploy.step_log import StepLog
from l3kit.errors import ConfigurationError, L3Error
from l3kit.files import refusal
from l3kit.first_light.report import Report, save
from l3kit.notebook.parameter_model import check
from l3kit.notebook.parameters import QueryParameters
from l3kit.notebook.results import ResultFile
from l3kit.packaging.wheels import Runtime, dependencies, lock_of
from l3kit.twin.connections import LinkFile, save_inter_cloud_connection
from tests.support.full_disk import no_room
from tests.unit.raw_errors.telling import told


def _report() -> Report:
    return Report("aws", "passed", "live", "us-east-1", "1234", "t", "", "", 1.0, "0", (), (), (), "")


def _refresh(path: Path) -> object:
    return refresh_prices(path, today=date(2026, 1, 1), client=object())


def _result(path: Path) -> ResultFile:
    return ResultFile(path, {"notebook": "x"}, path.parent)


WRITING: Mapping[str, Callable[[Path], object]] = {
    "a result": lambda path: _result(path).write("passed", {"summary": ""}),
    "first-light's report": lambda path: save(_report(), path, ()),
    "cost refresh": _refresh,
    "the links of an account": lambda path: save_inter_cloud_connection(path.parent, "a_l3hot_to_b_l3cold", "u", "t"),
    "the links of a sandbox": lambda path: LinkFile(path / "links.json", sandbox=True).change("x", {"token": "t"}),
    "the deploy log": lambda path: StepLog(path).note("begin", "create", "table", "t"),
    "the sandbox's home": lambda path: sandbox.up(path),
    "the packages' cache": lambda path: dependencies(Runtime("3.13", "x86_64"), lock_of("aws"), path),
    "cost report": lambda path: make_report(Path("x.yaml"), path, Path(), None),
}


@pytest.mark.parametrize("verb", WRITING)
def test_a_place_below_a_file_is_told(verb: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("here before")
    with pytest.raises(L3Error) as caught:
        WRITING[verb](file / "below" / "out.json")
    assert "file" in told(caught.value)
    assert file.read_text() == "here before"


@pytest.mark.parametrize("verb", WRITING)
def test_a_place_that_the_system_keeps_for_itself_is_told(verb: str) -> None:
    with pytest.raises(L3Error) as caught:
        WRITING[verb](Path("/proc/l3kit/out.json"))
    assert "/proc/l3kit" in told(caught.value) or "config_inter_cloud.json" in str(caught.value)


FILES = [verb for verb in WRITING if verb in ("a result", "first-light's report", "cost refresh", "the deploy log")]


@pytest.mark.parametrize("verb", FILES)
def test_a_folder_where_a_file_is_to_be_is_told(verb: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Is a directory") as caught:
        WRITING[verb](tmp_path)
    assert "name a file in it" in told(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("verb", ["a result", "first-light's report", "the links of an account", "the deploy log"])
def test_a_full_disk_is_told_and_the_last_file_kept(verb: str, tmp_path: Path) -> None:
    path = tmp_path / ("config_inter_cloud.json" if "links" in verb else "out.json")
    path.write_text('{"connections": {}}')
    with pytest.raises(ConfigurationError, match="File too large") as caught, no_room():
        WRITING[verb](path)
    assert "Make room" in told(caught.value)
    assert path.read_text() == '{"connections": {}}'
    assert [p.name for p in tmp_path.iterdir() if not p.name.endswith(".lock")] == [path.name]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO])
def test_each_refusal_of_the_system_has_its_word_and_a_remedy(number: int) -> None:
    cause, remedy = refusal(OSError(number, "the word"))
    assert (cause, bool(remedy)) == ("the word", True)


@pytest.mark.parametrize("path", ["{0}", "{0}/file/out.json"])
def test_a_notebook_refuses_a_bad_result_path_before_it_works(path: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    given: dict[str, Any] = {"twin": "params/twins/nyc-weather", "target": "sandbox", "sandbox": "default"}
    given |= {"fresh": False, "as_of": "", "prepare": False, "device": "JFK"}
    given |= {"quantity": "temp", "unit": "", "start": "", "end": "", "restore": False, "restore_days": 1}
    given |= {"wait_seconds": 0, "result_path": path.format(tmp_path)}
    with pytest.raises(ConfigurationError, match="result_path = ") as caught:
        check(QueryParameters, given)
    assert "name a" in told(caught.value)
