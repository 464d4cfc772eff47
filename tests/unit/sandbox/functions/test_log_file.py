"""A function's log file: every line has its moment, l3kit's own lines stay as they are, and it is read page by page."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from l3kit.sandbox.functions.log_file import KeptLine, last_texts, read_lines
from l3kit.sandbox.functions.output import Output

JSON = b'{"time":"2026-03-01T10:00:00.123+00:00","level":"INFO","message":"moved"}'


def printed(file: Path, *parts: bytes, rest: bytes = b"") -> None:
    """Print these parts, then `rest` when the pipe has been drained."""

    async def run() -> None:
        output = Output(file)
        end = output.open()
        for part in parts:
            os.write(end, part)
        output.drain()
        os.write(end, rest)
        os.close(end)
        output.close()

    asyncio.run(run())


def kept(file: Path, offset: int = 0, since: datetime | None = None) -> list[KeptLine]:
    return list(read_lines(file, offset, since))


def test_a_line_that_tells_no_moment_gets_that_of_its_arrival(tmp_path: Path) -> None:
    file, begun = tmp_path / "f.log", datetime.now(UTC) - timedelta(milliseconds=1)
    printed(file, b"Traceback\n  in ", b"main\n2020-01-01T00:00:00+00:00 not so old\n")
    lines = kept(file)
    assert [line.text for line in lines] == ["Traceback", "  in main", "2020-01-01T00:00:00+00:00 not so old"]
    assert all(begun <= line.moment <= datetime.now(UTC) for line in lines)


def test_json_of_l3kit_stays_and_has_its_own_moment(tmp_path: Path) -> None:
    file = tmp_path / "f.log"
    printed(file, JSON + b"\n")
    assert file.read_bytes() == JSON + b"\n"
    (line,) = kept(file)
    assert (line.moment, line.text) == (datetime(2026, 3, 1, 10, 0, 0, 123_000, tzinfo=UTC), JSON.decode())


@pytest.mark.parametrize("line", [b'{"time":"soon"}', b'{"time":"2026-03-01T10:00:00"}', b'{"time":"', b"\xff{", b""])
def test_what_only_looks_like_it_gets_the_moment_of_its_arrival(line: bytes, tmp_path: Path) -> None:
    file = tmp_path / "f.log"
    printed(file, line + b"\n")
    (found,) = kept(file, since=datetime.now(UTC) - timedelta(minutes=1))
    assert found.text == line.decode("utf-8", "replace")


def test_a_line_is_whole_though_it_came_in_parts_and_the_last_one_needs_no_end(tmp_path: Path) -> None:
    file = tmp_path / "f.log"
    printed(file, b"a", b"b\nc", rest=b"d")
    assert [line.text for line in kept(file)] == ["ab", "cd"]


def test_more_than_the_pipe_reads_at_once_is_written_in_full(tmp_path: Path) -> None:
    file = tmp_path / "f.log"
    printed(file, *[b"x" * 999 + b"\n"] * 60, rest=b"end\n")
    assert [len(line.text) for line in kept(file)] == [999] * 60 + [3]


def test_lines_are_read_from_a_moment_and_from_an_offset_on(tmp_path: Path) -> None:
    file = tmp_path / "f.log"
    stamps = [f"2026-03-01T10:00:0{second}+00:00" for second in range(3)]
    file.write_text("".join(f"{stamp} line {number}\n" for number, stamp in enumerate(stamps)) + "half a li")
    assert [line.text for line in kept(file)] == ["line 0", "line 1", "line 2"]
    assert [line.text for line in kept(file, since=datetime(2026, 3, 1, 10, 0, 1, tzinfo=UTC))] == ["line 1", "line 2"]
    second = kept(file)[1]
    assert kept(file, offset=second.at)[0] == second


def test_the_end_of_a_log_is_shown_without_moments_and_begins_with_a_whole_line(tmp_path: Path) -> None:
    file = tmp_path / "f.log"
    printed(file, b"first\nsecond\n", JSON + b"\nthird\n")
    assert last_texts(file, 10_000) == ["first", "second", JSON.decode(), "third"]
    assert last_texts(file, 10_000, kept(file)[3].at) == ["third"]
    assert last_texts(file, len(JSON) + 45) == [JSON.decode(), "third"]


def test_the_log_of_a_process_that_prints_nothing_is_empty(tmp_path: Path) -> None:
    printed(tmp_path / "f.log")
    assert kept(tmp_path / "f.log") == []


def test_a_disk_that_cannot_be_written_costs_lines_which_are_counted_later(tmp_path: Path) -> None:
    folder = tmp_path / "logs"

    async def run() -> None:
        output = Output(folder / "f.log")
        end = output.open()
        os.write(end, b"a\nb\n")
        output.drain()
        folder.mkdir()
        os.write(end, b"c\n")
        os.close(end)
        output.close()

    asyncio.run(run())
    assert [line.text for line in kept(folder / "f.log")] == ["[sandbox] 2 lines could not be written here", "c"]
