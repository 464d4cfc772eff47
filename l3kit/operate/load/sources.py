"""Files of a load, their forms and their rows."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, cast

from l3kit.errors import ConfigurationError
from l3kit.operate.load.columns import Places
from l3kit.operate.load.csv_rows import read_csv
from l3kit.operate.load.json_rows import bad_json_line, json_array, json_lines
from l3kit.operate.load.parquet_rows import ParquetTable
from l3kit.operate.load.rows import BadRow, Row
from l3kit.operate.load.settings import Form, Settings

STDIN = "-"
SAMPLE_BYTES = 1 << 16
SUFFIXES: dict[str, Form] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".parquet": "parquet",
    ".pq": "parquet",
}
OWN = (".bad", ".replaced", ".progress")
"""Name parts of a load's own files next to its input."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file, or standard input.

    Attributes:
        path: None for standard input.
        form: None if neither the name nor an option says it.
    """

    path: Path | None
    form: Form | None = None

    @property
    def name(self) -> str:
        return "stdin" if self.path is None else str(self.path)

    @property
    def size(self) -> int:
        """Bytes of the file; 0 for standard input."""
        return 0 if self.path is None else self.path.stat().st_size

    def identity(self) -> dict[str, int | str]:
        """Return the file's identity, which a change of its content changes."""
        if self.path is None:
            return {}
        digest = hashlib.sha256()
        with self.path.open("rb") as file:
            digest.update(file.read(SAMPLE_BYTES))
            file.seek(max(0, self.size - SAMPLE_BYTES))
            digest.update(file.read(SAMPLE_BYTES))
        state = self.path.stat()
        return {"bytes": state.st_size, "modified_ns": state.st_mtime_ns, "ends_sha256": digest.hexdigest()}


@dataclass(frozen=True, slots=True)
class OpenedRows:
    """The rows of a file, and the format of its bad rows.

    Attributes:
        places: positions of an item's parts in every row; None if each row has its own columns.
        position: returns the number of bytes of the file that have been read.
        bad_head: the first line of its bad-rows file, if it has one.
    """

    rows: Iterator[Row | BadRow]
    places: Places | None
    notes: tuple[str, ...]
    position: Callable[[], int]
    bad_suffix: str
    bad_head: str
    bad_line: Callable[[BadRow], str]


def sources(files: Iterable[str | Path], form: Form | None) -> tuple[list[Source], list[str]]:
    """Return the files, those of folders sorted by name, and the ignored files of folders.

    Raises: ConfigurationError for a missing file, and for a folder without any.
    """
    found: dict[Path | None, Source] = {}
    left: list[str] = []
    for given in files:
        path = Path(given)
        if str(given) == STDIN:
            found[None] = Source(None, form)
        elif path.is_dir():
            inside = [file for file in sorted(path.rglob("*")) if file.is_file() and not _is_own(file, path)]
            taken = [file for file in inside if form or _form_of(file)]
            if not taken:
                remedy = f"It may hold {', '.join(SUFFIXES)}, each also with .gz; other names need --form"
                raise ConfigurationError(str(path), "has no file to load", remedy)
            left += [str(file) for file in inside if file not in taken]
            found.update({file.resolve(): Source(file, form or _form_of(file)) for file in taken})
        elif path.is_file():
            found[path.resolve()] = Source(path, form or _form_of(path))
        else:
            raise ConfigurationError(str(path), "is not there", "Name a file, a folder, or - for standard input")
    if not found:
        raise ConfigurationError("load", "no file is given", "Name a file, a folder, or - for standard input")
    return list(found.values()), left


def _is_own(file: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
    return hidden or any(suffix.split("-")[0] in OWN for suffix in file.suffixes)


def _form_of(path: Path) -> Form | None:
    name = path.name.lower().removesuffix(".gz")
    return SUFFIXES.get(Path(name).suffix)


@contextmanager
def opened(source: Source, stdin: IO[bytes], settings: Settings, skip: int = 0) -> Iterator[OpenedRows]:
    """Open a file and read its header; its rows are read lazily.

    Args:
        skip: number of rows, good or bad, to skip.
    Raises: ConfigurationError with file and line, also while rows are read.
    """
    with ExitStack() as stack:
        with _naming_errors(source.name):
            stream, position = _streamed(source, stdin, stack)
            rows = _read(source, stream, position, settings, skip)
        yield replace(rows, rows=_naming_file(rows.rows, source.name))


def _streamed(source: Source, stdin: IO[bytes], stack: ExitStack) -> tuple[IO[bytes], Callable[[], int]]:
    if source.path is None:
        return stdin, lambda: 0
    raw = stack.enter_context(source.path.open("rb"))
    packed = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    if not packed:
        return raw, raw.tell
    return cast("IO[bytes]", stack.enter_context(gzip.open(raw))), raw.tell


def _naming_file(rows: Iterator[Row | BadRow], name: str) -> Iterator[Row | BadRow]:
    """Yield rows; an error of reading names the file."""
    while True:
        try:  # not `_naming_errors`, which costs as much as a tenth of a row
            row = next(rows)
        except StopIteration:
            return
        except _UNREADABLE as error:
            raise _unreadable(name, error) from None
        yield row


@contextmanager
def _naming_errors(name: str) -> Iterator[None]:
    try:
        yield
    except _UNREADABLE as error:
        raise _unreadable(name, error) from None


_UNREADABLE = (OSError, EOFError, zlib.error)


def _unreadable(name: str, error: Exception) -> ConfigurationError:
    cause = f"cannot be read ({getattr(error, 'strerror', None) or error})"
    return ConfigurationError(name, cause, "Check its permissions, and that the file is whole")


def _read(source: Source, stream: IO[bytes], position: Callable[[], int], settings: Settings, skip: int) -> OpenedRows:
    sample = stream.read(SAMPLE_BYTES)
    form = source.form or _form_by(sample)
    where = source.name
    if form == "parquet":
        return _parquet(source, settings, skip)
    rejoined: io.RawIOBase = _Rejoined(sample, stream)
    whole = io.BufferedReader(rejoined, SAMPLE_BYTES)
    if form == "csv":
        table = read_csv(whole, sample, where, settings.cells, settings.columns, skip)
        return OpenedRows(
            table.rows, table.places, table.notes(), position, ".csv", table.bad_head() + "\n", table.bad_line
        )
    _check_json_options(settings, where)
    array = form == "json" and sample.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"["
    rows = json_array(whole, where, skip) if array else json_lines(whole, where, skip)
    return OpenedRows(rows, None, (), position, ".jsonl", "", bad_json_line)


def _check_json_options(settings: Settings, where: str) -> None:
    if settings.cells.encoding != "utf-8":
        remedy = "Convert it first, for example with iconv"
        raise ConfigurationError(where, f"is JSON, which is UTF-8, not {settings.cells.encoding}", remedy)


def _parquet(source: Source, settings: Settings, skip: int) -> OpenedRows:
    if source.path is None:
        raise ConfigurationError("stdin", "is Parquet, which is read from its end", "Give it as a file")
    table = ParquetTable(source.path, source.name)
    places = settings.columns.of_table(table.names, source.name)
    names = [name for name in (places.device, places.time, *(name for name, _ in places.members)) if name]
    size = source.size
    rows = _closing(table.rows(names, skip), table.close)
    return OpenedRows(rows, places, (), lambda: size, ".jsonl", "", bad_json_line)


def _closing(rows: Iterable[Row | BadRow], close: Callable[[], None]) -> Iterator[Row | BadRow]:
    try:
        yield from rows
    finally:
        close()


def _form_by(sample: bytes) -> Form:
    """Detect the form by the first bytes."""
    if sample.startswith(b"PAR1"):
        return "parquet"
    first = sample.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return "json" if first == b"[" else "jsonl" if first == b"{" else "csv"


class _Rejoined(io.RawIOBase):
    """A stream with its beginning, which was already read."""

    def __init__(self, beginning: bytes, rest: IO[bytes]) -> None:
        self._beginning = beginning
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        data = self._beginning[: len(buffer)]
        self._beginning = self._beginning[len(data) :]
        if not data:
            data = self._rest.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
