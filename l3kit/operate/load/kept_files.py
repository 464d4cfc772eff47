"""Files that a load keeps next to its input: bad rows, and items that were replaced."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path

from l3kit.files import os_errors_reported

_REMEDY = "Rows that could not be kept there are not counted as loaded; name another folder with --out"


def free_path(folder: Path, name: str, suffix: str, kind: str) -> Path:
    """Return a path that does not exist: `name.bad.csv`, `name.bad-2.csv` and so on."""
    number = 1
    while (path := folder / f"{name}.{kind}{f'-{number}' if number > 1 else ''}{suffix}").exists():
        number += 1
    return path


@dataclass(slots=True)
class KeptFile:
    """A file to which lines are appended; the first one creates it.

    Attributes:
        encoding: encoding of its text; undecodable bytes of the input are written unchanged.
        size: bytes of the recorded lines, to which it is cut at the start.
    """

    path: Path
    head: str = ""
    encoding: str = "utf-8"
    size: int = 0
    _file: FileIO | None = field(default=None, repr=False)

    def append(self, lines: Iterable[str]) -> None:
        """Append lines. Raises: ConfigurationError if they cannot be written."""
        content = "".join(lines).encode(self.encoding, "surrogateescape")
        if content:
            with os_errors_reported(str(self.path), remedy=_REMEDY):
                _write_all(self._opened(), content)
                self.size += len(content)

    def sync(self) -> None:
        """Flush the appended lines to disk. Raises: ConfigurationError."""
        if self._file is not None:
            with os_errors_reported(str(self.path), remedy=_REMEDY):
                os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self.sync()
            self._file.close()
            self._file = None

    def cut(self) -> None:
        """Cut the lines that an interrupted load appended after its last record. Raises: ConfigurationError."""
        with os_errors_reported(str(self.path), remedy=_REMEDY):
            if self.size:
                self._opened()
            else:
                self.path.unlink(missing_ok=True)

    def _opened(self) -> FileIO:
        if self._file is None:
            self._file = self.path.open("r+b" if self.size else "wb", buffering=0)  # nothing is lost with the process
            if self.size:
                self._file.truncate(self.size)
                self._file.seek(self.size)
            else:
                head = self.head.encode(self.encoding, "surrogateescape")
                _write_all(self._file, head)
                self.size = len(head)
        return self._file


def _write_all(file: FileIO, content: bytes) -> None:
    """Write all bytes: an unbuffered file may write fewer, e.g. on a nearly full disk."""
    left = memoryview(content)
    while left:
        left = left[file.write(left) :]


def kept_encoding(encoding: str) -> str:
    """Return the encoding of a bad-rows file: its input's, unless that marks its beginning."""
    return "utf-8" if encoding.startswith(("utf-16", "utf-32", "utf-8")) else encoding
