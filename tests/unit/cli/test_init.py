"""`l3kit init` takes flags or asks, and refuses what could not become a twin before anything is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from l3kit.cli import main
from l3kit.cli.init import Flags, chosen
from l3kit.errors import ConfigurationError
from l3kit.new_project.choices import Choices
from l3kit.new_project.making import _move_in
from l3kit.twin.config import Twin
from tests.support.full_disk import no_room


def choices(answers: Callable[[str], str] | None = None, **flags: Any) -> Choices:
    return chosen(Flags("plant", **flags), answers, lambda note: None)


def test_flags_alone_make_a_project_whose_twin_is_valid(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "somewhere" / "plant"
    flags = ["--folder", str(folder), "--layout", "aws-azure-google", "--hot-days", "7", "--devices", "p-1,p 2"]
    assert main(["init", "plant", *flags]) == 0
    twin = Twin.load(folder / "twin")
    assert (twin.name, [device.id for device in twin.devices]) == ("plant", ["p-1", "p 2"])
    assert (twin.config.hot_storage_size_in_days, twin.config.cold_storage_size_in_days) == (7, 90)
    assert json.loads((folder / "twin/config_providers.json").read_text())["layer_3_archive_provider"] == "gcp"
    assert "README.md" in capsys.readouterr().out


@pytest.mark.parametrize("more", [[], ["--examples"]], ids=["a twin", "with examples"])
def test_a_dry_run_lists_the_files_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    folder = tmp_path / "plant"
    flags = ["init", "plant", "--folder", str(folder), "--devices", "p-1", "--json", *more]
    assert main([*flags, "--dry-run"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert not told["written"]
    assert not folder.exists()
    assert main(flags) == 0
    assert json.loads(capsys.readouterr().out)["files"] == told["files"]
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == set(told["files"])


def test_the_present_folder_if_empty_becomes_the_project_and_stays_the_same_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = tmp_path.stat().st_ino
    assert main(["init", "plant", "--folder", ".", "--devices", "p-1"]) == 0
    assert Path.cwd().stat().st_ino == before
    assert Twin.load(tmp_path / "twin").name == "plant"
    assert not list(tmp_path.glob(".l3kit-init.*"))


@pytest.mark.parametrize("there", [True, False])
def test_a_full_disk_leaves_nothing_of_a_project(
    tmp_path: Path, there: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new"
    if there:
        folder.mkdir()
    with no_room():
        assert main(["init", "plant", "--folder", str(folder), "--devices", "p-1"]) == 1
    assert "Make room" in capsys.readouterr().err
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == ["new"] * there


def test_a_project_that_cannot_be_moved_in_whole_is_not_moved_in_at_all(tmp_path: Path) -> None:
    whole, folder = tmp_path / "whole", tmp_path / "folder"
    for name in ("whole/a", "whole/b", "folder/b/other"):
        (tmp_path / name).mkdir(parents=True)
    with pytest.raises(OSError, match="not empty"):
        _move_in(whole, folder)
    assert sorted(path.name for path in whole.iterdir()) == ["a", "b"]
    assert [path.name for path in folder.iterdir()] == ["b"]


def test_a_folder_that_is_not_empty_is_left_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert main(["init", "plant", "--folder", str(tmp_path), "--devices", "p-1"]) == 1
    assert "is not empty. Nothing was written; name another folder with --folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--devices", "_l3kit"], "is reserved"),
        (["--devices", "a,a"], "a"),
        (["--hot-days", "90", "--cold-days", "30", "--devices", "a"], "cold_storage_size_in_days (30) must exceed"),
        (["--layout", "aws-azure", "--devices", "a"], "is not three clouds"),
        (["--layout", "aws-azure-gpc", "--devices", "a"], "did you mean gcp?"),
        (["--messages", "aws2", "--devices", "a"], "--messages: cloud 'aws2'"),
        ([], "no device is named. Name at least one: --devices"),
    ],
)
def test_what_cannot_become_a_twin_is_refused_and_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: list[str], told: str
) -> None:
    assert main(["init", "plant", "--folder", str(tmp_path / "new"), *flags]) == 1
    assert told in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_no_cloud_would_take_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "Plant 7", "--folder", str(tmp_path / "new"), "--devices", "a"]) == 1
    assert "lower-case letters" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_in_a_terminal_what_is_not_given_is_asked_for() -> None:
    answers = iter(["gcp-gcp-aws", "", "365", "p-1 p-2"])
    found = choices(lambda question: next(answers))
    assert (found.clouds, found.hot_days, found.cold_days) == (("gcp", "gcp", "aws"), 30, 365)
    assert list(found.devices) == ["p-1", "p-2"]


def test_layers_1_and_2_are_where_the_hot_tier_is_unless_told() -> None:
    assert (found := choices(layout="azure-aws-aws", devices=["a"])).messages_from == "azure"
    assert found.processed_on == "azure"
    assert choices(messages="gcp", devices=["a"]).processed_on == "gcp"


def test_an_answer_that_is_no_number_of_days_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="'soon' is not a whole number of days"):
        choices(lambda question: "soon", layout="aws-aws-aws")
