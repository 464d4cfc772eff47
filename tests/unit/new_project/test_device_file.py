"""Devices from a CSV file: distinct, in their order, and told before anything is made if they cannot be read."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from l3kit.cli import main
from l3kit.errors import ConfigurationError
from l3kit.new_project.device_file import NAMED, devices_of_file
from l3kit.twin.config import Twin


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "devices.csv"


@pytest.mark.parametrize(
    ("content", "column"),
    [
        ("Sensor;Hall\npump 2;A\npump-1;B\npump 2;A\n", ""),
        ("\ufeffhall,ID\r\nA,pump 2\r\nB,pump-1\r\n", ""),
        ("hall\tdevice\tname\nA\tx\tpump 2\nB\ty\tpump-1\n", "name"),
        ('id,sensor_id\n1,"pump 2"\n2,pump-1\n', ""),
    ],
)
def test_the_distinct_ids_of_a_column_are_taken_in_their_order(file: Path, content: str, column: str) -> None:
    file.write_text(content)
    assert devices_of_file(file, column) == ["pump 2", "pump-1"]


def test_ids_that_look_like_numbers_keep_their_text(file: Path) -> None:
    file.write_bytes(gzip.compress(b"id,v\n007,1\n1.50,2\n"))
    assert devices_of_file(file) == ["007", "1.50"]


def test_another_encoding_is_taken_if_it_is_named_and_told_if_not(file: Path) -> None:
    file.write_bytes("id\nPümpe\n".encode("latin-1"))
    assert devices_of_file(file, encoding="latin-1") == ["Pümpe"]
    with pytest.raises(ConfigurationError, match=r"devices\.csv:2: bad-encoding: is not utf-8.*--encoding"):
        devices_of_file(file)


@pytest.mark.parametrize(
    ("content", "column", "cause"),
    [
        ("a,b\n1,2\n", "", r"devices\.csv:1: no column alone is the device.*--device-column. The columns are 'a', 'b'"),
        ("device,sensor\n1,2\n", "", "no column alone is the device"),
        ("id,b\n1,2\n", "c", r"column 'c': is not there"),
        ("id,b\n,2\nx,1\n", "", r"devices\.csv:2: has no device"),
        ("id,b\nx,1,2\n", "", r"devices\.csv:2: bad-row: has 3 cells; the header has 2"),
        ("id,id\nx,1\n", "", "is in the header twice"),
        ("id,b\n", "", "has no rows"),
        ("", "", "is empty"),
    ],
)
def test_a_file_that_names_no_devices_is_refused_with_its_line(
    file: Path, content: str, column: str, cause: str
) -> None:
    file.write_text(content)
    with pytest.raises(ConfigurationError, match=cause):
        devices_of_file(file, column)


def test_of_many_bad_rows_the_first_are_named_and_the_others_counted(file: Path) -> None:
    file.write_text("id,b\n" + ",1\n" * 5_000)
    with pytest.raises(ConfigurationError, match=rf"(?s)devices\.csv:{NAMED + 1}: .*and {5_000 - NAMED:,} more rows"):
        devices_of_file(file)


def test_init_takes_the_devices_of_a_file_beside_those_that_are_named(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text("sensor,hall\npump-1,A\npump-2,B\npump-1,A\n")
    folder = tmp_path / "plant"
    flags = ["--folder", str(folder), "--devices", "pump-2,pump-9", "--devices-from", str(file)]
    assert main(["init", "plant", *flags]) == 0
    assert [device.id for device in Twin.load(folder / "twin").devices] == ["pump-2", "pump-9", "pump-1"]


def test_columns_that_are_left_out_are_told_with_the_one_that_is_taken(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text("hall,Sensor,v\nA,pump-1,2\n")
    told = (
        f"{file}: left out: 'hall', 'v'. Of a device config_iot_devices.json needs its id alone, which is in 'Sensor'"
    )
    flags = ["--folder", str(tmp_path / "plant"), "--devices-from", str(file), "--dry-run"]
    assert main(["init", "plant", *flags]) == 0
    assert told in capsys.readouterr().err
    assert main(["init", "plant", *flags, "--json"]) == 0
    out, err = capsys.readouterr()
    assert (json.loads(out)["notes"][0][: len(told)], err) == (told, "")
    file.write_text("id," + ",".join(f"c{n}" for n in range(NAMED + 3)) + "\npump-1" + ",1" * (NAMED + 3))
    notes: list[str] = []
    devices_of_file(file, tell=notes.append)
    assert "'c9' and 3 more. Of" in notes[0]
    file.write_text("id\npump-1\n")
    devices_of_file(file, tell=notes.append)
    assert len(notes) == 1


@pytest.mark.parametrize(
    ("flags", "cause"),
    [
        (["--devices-from", "nowhere.csv"], "nowhere.csv: is not there"),
        (["--devices-from", "."], "is a folder"),
        (["--devices", "a", "--device-column", "id"], "is an option of --devices-from"),
        (["--devices-from", "devices.csv", "--encoding", "utf8x"], "is not an encoding of text"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_made(
    flags: list[str], cause: str, file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text("id\npump-1\n")
    monkeypatch.chdir(file.parent)
    assert main(["init", "plant", *flags]) == 1
    assert cause in capsys.readouterr().err
    assert not (file.parent / "plant").exists()
