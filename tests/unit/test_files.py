"""Atomic writes: whole or not at all, with the mode that was there, and nothing left beside."""

from __future__ import annotations

from pathlib import Path

import pytest

from l3kit.errors import ConfigurationError
from l3kit.files import replace_file, write_whole


def test_a_file_is_replaced_to_the_byte_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "f"
    replace_file(path, b"a\r\n")
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    write_whole(path, "b\r\n\udc80é")
    assert path.read_bytes() == b"b\r\n\\udc80\xc3\xa9"
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_leaves_what_was_there_and_nothing_beside(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match=r"[Dd]irectory"):
        replace_file(tmp_path / "folder", b"x")
    with pytest.raises(ConfigurationError, match="It is a folder"):
        write_whole(tmp_path / "folder", "x")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
