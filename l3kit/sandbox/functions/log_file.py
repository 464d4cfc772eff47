"""The log file of a function: each line with its time, so that it can be read from a given time on.

A line begins with its time and a blank, unless it is l3kit's own JSON, whose first member is the time: such lines
are unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_OWN = b'{"time":"'


@dataclass(frozen=True, slots=True)
class KeptLine:
    """A line of the file.

    Attributes:
        at: its offset in bytes.
        text: without its time, unless it is JSON.
    """

    at: int
    moment: datetime
    text: str


def stamp() -> str:
    """Return the current time in the form of a line's prefix."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def stamped(line: bytes) -> bytes:
    """Prefix a line that has no timestamp with the current time."""
    return line if _own_moment(line) else stamp().encode() + b" " + line


def read_lines(file: Path, offset: int, since: datetime | None) -> Iterator[KeptLine]:
    """Yield the complete lines after this offset and not before this time. Raises: OSError."""
    with file.open("rb") as opened:
        opened.seek(offset)
        at = offset
        for line in opened:
            if not line.endswith(b"\n"):  # still being written
                return
            kept = _kept(at, line[:-1])
            at += len(line)
            if kept is not None and (since is None or kept.moment >= since):
                yield kept


def last_texts(file: Path, most: int, offset: int = 0) -> list[str]:
    """Return the last lines after this offset without their times, within a number of bytes. Raises: OSError."""
    return [line.text for line in read_lines(file, max(offset, file.stat().st_size - most), None)]


def _kept(at: int, line: bytes) -> KeptLine | None:
    """Parse a line; None if the sandbox did not write it, or it is the end of one."""
    if own := _own_moment(line):
        return KeptLine(at, own, line.decode("utf-8", "replace"))
    first, _, text = line.partition(b" ")
    moment = _moment(first)
    return None if moment is None else KeptLine(at, moment, text.decode("utf-8", "replace"))


def _own_moment(line: bytes) -> datetime | None:
    return _moment(line[len(_OWN) :].partition(b'"')[0]) if line.startswith(_OWN) else None


def _moment(text: bytes) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.decode("ascii"))
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo is not None else None
