"""Devices added to config_iot_devices.json, of which all else stays."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.errors import ConfigurationError
from l3kit.twin.device_list import _with_entries, add_devices
from tests.support.full_disk import no_room


@pytest.mark.parametrize(
    "text",
    [
        '[\n  {"id": "a", "name": "Anna\'s",\n   "place": [1, 2]},\n  {"id": "b"}\n]\n',
        '[{"id":"a"}]',
        '\ufeff[\r\n{"id": "a"}\r\n]\r\n',
    ],
)
def test_what_is_there_stays_as_it_is(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config_iot_devices.json"
    file.write_bytes(text.encode())
    file.chmod(0o640)
    assert add_devices(file, ["c", "a", "ü/]", "c"]) == ["c", "ü/]"]
    new = file.read_bytes().decode()
    assert new.startswith(text.rstrip().removesuffix("]").rstrip())
    before = json.loads(text.removeprefix("\ufeff"))
    assert json.loads(new.removeprefix("\ufeff")) == [*before, {"id": "c"}, {"id": "ü/]"}]
    assert file.stat().st_mode & 0o777 == 0o640
    assert {one.name for one in tmp_path.iterdir()} == {file.name, f"{file.name}.lock"}


def test_nothing_is_written_if_all_are_there(tmp_path: Path) -> None:
    file = tmp_path / "config_iot_devices.json"
    file.write_text('[{"id": "a"}]')
    before = file.stat()
    assert add_devices(file, ["a"]) == []
    assert file.stat() == before


@given(st.lists(st.text(), unique=True, max_size=4), st.lists(st.text(), unique=True, min_size=1, max_size=4))
def test_the_list_with_entries_is_the_list_and_the_entries(there: list[str], ids: list[str]) -> None:
    for indent in (None, 2):
        text = json.dumps([{"id": one} for one in there], indent=indent)
        changed = json.loads(_with_entries(text, ids, empty=not there))
        assert [one["id"] for one in changed] == [*there, *ids]


@pytest.mark.parametrize("text", ["{}", "[5]", '[{"name": "a"}]', "[", ""])
def test_what_is_no_list_of_devices_is_refused_and_left(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config_iot_devices.json"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match="is not a list of devices"):
        add_devices(file, ["a"])
    assert file.read_text() == text


def test_a_list_for_which_there_is_no_room_is_told_and_left(tmp_path: Path) -> None:
    file = tmp_path / "config_iot_devices.json"
    file.write_text('[{"id": "a"}]')
    with no_room(), pytest.raises(ConfigurationError, match="Make room"):
        add_devices(file, ["b"])
    assert file.read_text() == '[{"id": "a"}]'
    assert not list(tmp_path.glob(".l3kit.*"))


def test_who_opened_the_lock_before_its_release_keeps_others_out_after_it(tmp_path: Path) -> None:
    file = tmp_path / "config_iot_devices.json"
    file.write_text('[{"id": "a"}]')
    with Path(f"{file}.lock").open("w") as waiting:
        assert add_devices(file, ["b"]) == ["b"]
        fcntl.flock(waiting, fcntl.LOCK_EX)
        with pytest.raises(ConfigurationError, match="has been locked by another program"):
            add_devices(file, ["c"], lock_seconds=0.1)


def test_a_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    file, link = tmp_path / "devices.json", tmp_path / "config_iot_devices.json"
    file.write_text('[{"id": "a"}]')
    link.symlink_to(file)
    assert add_devices(link, ["b"]) == ["b"]
    assert link.is_symlink()
    assert [one["id"] for one in json.loads(file.read_text())] == ["a", "b"]
