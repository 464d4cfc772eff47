"""Rows of JSON lines, and of JSON arrays, which are read element by element."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import IO

import orjson

from l3kit.errors import ConfigurationError
from l3kit.operate.load.rows import ADDED, BadRow, Row
from l3kit.tiering.format.item_members import item_members
from l3kit.tiering.format.messages import refusal_of
from l3kit.tiering.format.strict_json import NotStrictError

LONGEST_ROW = 1 << 24
"""Maximum bytes of a row; no store holds an item of that size."""
BLOCK = 1 << 18
KEPT_ROW = f"{ADDED}row"
"""Member of a bad-rows file with the row as in the input."""
_TO_BRACKET = re.compile(rb'(?:[^"\[\]{}]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+([\[\]{}])', re.DOTALL)
_BETWEEN = re.compile(rb"[ \t\r\n]*(,?)[ \t\r\n]*")
_BOM = b"\xef\xbb\xbf"


def json_lines(stream: IO[bytes], where: str, skip: int = 0) -> Iterator[Row | BadRow]:
    """Read one object per line. Raises: ConfigurationError with file and line for a line of more than 16 MiB.

    Args:
        skip: number of rows, good or bad, to skip.
    """
    number = seen = 0
    while line := stream.readline(LONGEST_ROW + 1):
        number += 1
        if len(line) > LONGEST_ROW:
            remedy = "If the file is one array, name its form with --form json"
            raise ConfigurationError(f"{where}:{number}", f"is longer than {LONGEST_ROW:,} bytes", remedy)
        line = line.removeprefix(_BOM).strip() if number == 1 else line.strip()
        if not line:
            continue
        seen += 1
        if seen > skip:
            yield json_row(number, line)


def json_row(number: int, text: bytes) -> Row | BadRow:
    """Return an object as a row; in a bad-rows file, the kept row."""
    try:
        parts = item_members(text)
        if kept := parts.get(KEPT_ROW.encode()):
            text = orjson.loads(kept).encode()
            parts = item_members(text)
    except NotStrictError as error:
        return refused_row(number, text, error)
    return Row(number, cells_of(parts), text.decode())


def cells_of(parts: Mapping[bytes, bytes]) -> dict[str, str]:
    """Return the members of an object as the cells of a row."""
    return {_name(name): value.decode() for name, value in parts.items()}


def refused_row(number: int, text: bytes, error: NotStrictError, key: str = "") -> BadRow:
    """Return an object that cannot be split into members as a bad row."""
    refused = refusal_of(error)
    cause = f"{refused.field} {refused.cause}. {refused.remedy}".lstrip()
    return BadRow(number, refused.problem, cause, text.decode("utf-8", "backslashreplace"), key)


def bad_json_line(row: BadRow) -> str:
    """Return a row of a bad-rows file."""
    kept = {f"{ADDED}line": row.number, f"{ADDED}problem": f"{row.problem}: {row.cause}", KEPT_ROW: row.text}
    return orjson.dumps(kept, option=orjson.OPT_APPEND_NEWLINE).decode()


def _name(name: bytes) -> str:
    return str(orjson.loads(b'"%b"' % name)) if b"\\" in name else name.decode()


def json_array(stream: IO[bytes], where: str, skip: int = 0) -> Iterator[Row | BadRow]:
    """Read the objects of an array, with one at a time in memory.

    Raises: ConfigurationError with file and line if it is no array of objects.
    """
    elements = _Elements(stream, where)
    for seen, (number, text) in enumerate(elements.all(), 1):
        if seen > skip:
            yield json_row(number, text)


class _Elements:
    """Splits an array into the bytes of its elements, parsing only brackets and strings."""

    def __init__(self, stream: IO[bytes], where: str) -> None:
        self._stream = stream
        self._where = where
        self._data = b""
        self._at = 0
        self._line = 1

    def all(self) -> Iterator[tuple[int, bytes]]:
        """Yield each element with its first line."""
        while not self._data.removeprefix(_BOM).strip() and self._more():
            pass
        self._data = self._data.removeprefix(_BOM)
        self._pass(_BETWEEN.match(self._data).end())  # type: ignore[union-attr]
        if self._next() != b"[":
            raise self._fault("does not begin with [", "If it is not an array, name the file's form with --form")
        self._pass(self._at + 1)
        first = True
        while not self._between(first):
            first = False
            line, text = self._line, self._element()
            yield line, text
        if self._rest():
            raise self._fault("has more after the array's end", "Remove it, or give the arrays as files of their own")

    def _between(self, first: bool) -> bool:
        """Skip the text between two elements. Returns: whether the array is at its end."""
        while True:
            found = _BETWEEN.match(self._data, self._at)
            assert found is not None
            if found.end() < len(self._data):
                break
            if not self._more():
                raise self._fault("ends before the array does", "Check that the file is complete")
        self._pass(found.end())
        after = self._next()
        if after == b"]" and not found[1]:
            self._pass(self._at + 1)
            return True
        if after != b"{" or bool(found[1]) == first:
            remedy = "An array holds objects, {...}, with a comma between them"
            raise self._fault(f"has {after.decode('latin-1')!r} where an object or its comma should be", remedy)
        return False

    def _element(self) -> bytes:
        """Return the object at the current position, and move past it."""
        depth, at = 0, self._at
        while True:
            found = _TO_BRACKET.match(self._data, at)
            if found is None:
                if len(self._data) - self._at > LONGEST_ROW:
                    raise self._fault(
                        f"an object is longer than {LONGEST_ROW:,} bytes", "Check for a missing quote or bracket"
                    )
                at -= self._at
                if not self._more():
                    raise self._fault("an object is not closed before the file ends", "Check that the file is complete")
                continue
            at = found.end()
            depth += 1 if found[1] in b"[{" else -1
            if depth == 0:
                text = self._data[self._at : at]
                self._pass(at)
                return text

    def _more(self) -> bool:
        """Read more, doubling the buffer, and drop the parsed part."""
        block = self._stream.read(max(BLOCK, len(self._data) - self._at))
        self._data = self._data[self._at :] + block
        self._at = 0
        return bool(block)

    def _pass(self, end: int) -> None:
        self._line += self._data.count(b"\n", self._at, end)
        self._at = end

    def _next(self) -> bytes:
        return self._data[self._at : self._at + 1]

    def _rest(self) -> bytes:
        rest = self._data[self._at :].strip()
        while not rest and (block := self._stream.read(BLOCK)):
            rest = block.strip()
        return rest

    def _fault(self, cause: str, remedy: str) -> ConfigurationError:
        return ConfigurationError(f"{self._where}:{self._line}", cause, remedy)
