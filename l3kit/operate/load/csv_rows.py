"""Rows of CSV files."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import IO

import orjson

from l3kit.errors import ConfigurationError
from l3kit.operate.load.columns import Columns, Places
from l3kit.operate.load.rows import ADDED, BadRow, Row, RowProblem
from l3kit.operate.load.settings import Cells
from l3kit.tiering.format.item_json import JSON_NUMBER

DELIMITERS = ",;\t|"
SNIFFED = 20
"""Rows at the beginning from which the delimiter is detected."""
LONGEST_LINE = 1 << 24
_BOMS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_COMMA_NUMBER = re.compile(r"[-+]?[0-9]+,[0-9]+([eE][-+]?[0-9]+)?")
_WITH_COMMA = re.compile(r"(-?(?:0|[1-9][0-9]*)),([0-9]+(?:[eE][-+]?[0-9]+)?)")
_LEFT_OUT, _TEXT, _VALUE = range(3)
"""Ways to read the cells of a column."""
_POINT_NUMBER = re.compile(r"[-+]?[0-9.]*\.[0-9]+")


class _BadCellError(Exception):
    """The reason why a cell is refused."""


@dataclass(slots=True)
class _Lines:
    """The lines of a file, and those of the current row."""

    read: Callable[[], str]
    where: str
    number: int = 0
    taken: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.read()
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) >= LONGEST_LINE:
            cause = f"is longer than {LONGEST_LINE:,} characters"
            raise ConfigurationError(
                f"{self.where}:{self.number}", cause, "If it is not CSV, name its form with --form"
            )
        self.taken.append(line)
        return line


@dataclass(frozen=True, slots=True)
class CsvTable:
    """An opened CSV file.

    Attributes:
        head: the header as in the file.
        encoding: encoding of the file, which may lack characters of a problem's text.
    """

    delimiter: str
    places: Places
    head: str
    encoding: str
    rows: Iterator[Row | BadRow]

    def notes(self) -> tuple[str, ...]:
        """Return notes on what was detected and not given."""
        return () if self.delimiter == "," else (f"the delimiter is {_shown(self.delimiter)}",)

    def bad_head(self) -> str:
        """Return the header of the bad-rows file."""
        return self.delimiter.join((f"{ADDED}line", f"{ADDED}problem", self.head))

    def bad_line(self, row: BadRow) -> str:
        """Return a row of the bad-rows file."""
        problem = f"{row.problem}: {row.cause}".replace('"', '""').replace("\n", " ").replace("\r", " ")
        problem = problem.encode(self.encoding, "backslashreplace").decode(self.encoding)
        return self.delimiter.join((str(row.number), f'"{problem}"', row.text.rstrip("\r\n") + "\n"))


def read_csv(stream: IO[bytes], sample: bytes, where: str, cells: Cells, columns: Columns, skip: int = 0) -> CsvTable:
    """Read the header and return the table, whose rows are read lazily.

    Args:
        sample: the beginning of the stream.
        where: the file's name, for errors.
        skip: number of rows, good or bad, to skip.
    Raises: ConfigurationError with file and line.
    """
    for mark, name in _BOMS.items():
        if sample.startswith(mark) and not cells.encoding.startswith("utf-16"):
            raise ConfigurationError(where, f"is {name}, not {cells.encoding}", f"Give --encoding {name}")
    encoding = "utf-8-sig" if cells.encoding == "utf-8" else cells.encoding
    delimiter = cells.delimiter or _sniffed(sample.decode(encoding, "replace"))
    text = io.TextIOWrapper(stream, encoding, errors="surrogateescape", newline="")
    lines = _Lines(partial(text.readline, LONGEST_LINE), where)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    head = delimiter.join(cells.names)
    names = list(cells.names)
    if not names:
        names, head = _header(reader, lines, where)
    _check_names(names, f"{where}:{max(1, lines.number)}")
    places = columns.of_table(names, f"{where}:{max(1, lines.number)}")
    for name in cells.text:
        if name not in names:
            raise ConfigurationError(f"{where}: column {name!r}", "is not there", "Correct --text")
    as_text = {places.device, places.time, *cells.text}
    wanted = {places.device, places.time, *(name for name, _ in places.members)}
    reading = [_TEXT if name in as_text else _VALUE if name in wanted else _LEFT_OUT for name in names]
    made = _Rows(reader, lines, names, reading, cells)
    return CsvTable(delimiter, places, head, cells.encoding, made.all(skip))


def _header(reader: Iterator[list[str]], lines: _Lines, where: str) -> tuple[list[str], str]:
    try:
        for names in reader:
            if any(names):
                head = "".join(lines.taken).rstrip("\r\n")
                head.encode()
                return [name.strip() for name in names], head
    except csv.Error as error:
        raise ConfigurationError(f"{where}:{lines.number}", f"is not a header ({error})", "Correct that line") from None
    except UnicodeEncodeError:
        cause = "the header is not in the file's encoding"
        raise ConfigurationError(f"{where}:{lines.number}", cause, "Name it with --encoding, such as latin-1") from None
    raise ConfigurationError(where, "is empty", "Name a file with a header and rows")


def _check_names(names: Sequence[str], where: str) -> None:
    for name in names:
        if names.count(name) > 1:
            shown = f"column {name!r} is" if name else "a column without a name is"
            raise ConfigurationError(where, f"{shown} in the header twice", "Give each column a name of its own")


def _sniffed(sample: str) -> str:
    """Return the delimiter with the most columns, preferring one with equal numbers in all of the first rows."""
    lines = sample.splitlines(keepends=True)
    lines = lines[:-1] or lines
    found = [(_columns(lines, one), -DELIMITERS.index(one), one) for one in DELIMITERS]
    return max(found)[2]


def _columns(lines: Sequence[str], delimiter: str) -> tuple[bool, int]:
    try:
        rows = [row for row in islice(csv.reader(lines, delimiter=delimiter), SNIFFED) if row]
    except csv.Error:
        return False, 0
    widths = [len(row) for row in rows] or [0]
    return len(set(widths)) == 1 and widths[0] > 1, widths[0]


@dataclass(frozen=True, slots=True)
class _Rows:
    """Reads the rows below the header."""

    reader: Iterator[list[str]]
    lines: _Lines
    names: Sequence[str]
    reading: Sequence[int]
    cells: Cells

    def all(self, skip: int) -> Iterator[Row | BadRow]:
        lines, seen = self.lines, 0
        while True:
            lines.taken.clear()
            first = lines.number + 1
            problem = ""
            found: list[str] = []
            try:
                found = next(self.reader)
            except StopIteration:
                return
            except csv.Error as error:
                problem = f"is not a row of CSV: {error}"
            except UnicodeDecodeError as error:
                cause = f"is not {self.cells.encoding} ({error.reason})"
                remedy = "Name its encoding with --encoding"
                raise ConfigurationError(f"{lines.where}:{first}", cause, remedy) from None
            if not found and not problem:
                continue  # an empty line
            seen += 1
            if seen > skip:
                yield self._row(first, found, "".join(lines.taken), problem)

    def _row(self, number: int, found: list[str], text: str, problem: str) -> Row | BadRow:
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError:
                cause = f"is not {self.cells.encoding}. Name the file's encoding with --encoding, such as latin-1"
                return BadRow(number, RowProblem.BAD_ENCODING, cause, text)
        if not problem and len(found) != len(self.names):
            problem = f"has {len(found)} cells; the header has {len(self.names)}"
        if problem:
            return BadRow(number, RowProblem.BAD_ROW, f"{problem}. Correct the row, or its quotes", text)
        if found == self.names and not self.cells.names:
            return BadRow(number, RowProblem.HEADER_AGAIN, "is the header again", text)
        try:
            return Row(number, self._values(found), text)
        except _BadCellError as error:
            return BadRow(number, RowProblem.BAD_VALUE, str(error), text)

    def _values(self, found: list[str]) -> dict[str, str]:
        """Convert cells to JSON: numbers with their exact digits, or text. Raises: _BadCellError."""
        values: dict[str, str] = {}
        missing, comma = self.cells.missing, self.cells.decimal == ","
        for name, cell, reading in zip(self.names, found, self.reading, strict=True):
            if not cell or reading == _LEFT_OUT or cell in missing:
                continue
            if reading == _VALUE:
                if comma:
                    cell = _with_point(name, cell)
                if JSON_NUMBER.fullmatch(cell):
                    values[name] = cell
                    continue
                if not comma:
                    _check_no_comma(name, cell)
            values[name] = orjson.dumps(cell).decode()
        return values


def _check_no_comma(name: str, cell: str) -> None:
    if "," in cell and _COMMA_NUMBER.fullmatch(cell):
        remedy = f"Give --decimal , if it is; keep it as text with --text {name}"
        raise _BadCellError(f"{name}: {cell!r} may be a number with a decimal comma. {remedy}")


def _with_point(name: str, cell: str) -> str:
    """Replace a decimal comma by a point. Raises: _BadCellError for a number with a point."""
    if found := _WITH_COMMA.fullmatch(cell):
        return f"{found[1]}.{found[2]}"
    if _POINT_NUMBER.fullmatch(cell):
        remedy = f"Remove it, or keep the cells as text with --text {name}"
        raise _BadCellError(f"{name}: {cell!r} has a point, although the decimal sign is a comma. {remedy}")
    return cell


def _shown(delimiter: str) -> str:
    return "a tab" if delimiter == "\t" else repr(delimiter)
