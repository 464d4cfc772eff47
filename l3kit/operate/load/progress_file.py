"""The progress of a load: a small file next to the input, from which an interrupted load is continued."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from l3kit.errors import ConfigurationError
from l3kit.files import os_errors_reported, write_whole

VERSION = 1
BUSY = ("another load of this file or table is running", "Wait for it to end; both would write the same rows")


class Progress(BaseModel):
    """Progress of an input: all rows up to a certain one are done.

    Attributes:
        file: identity of the input.
        load: digest of twin, target and options, which must be the same to continue.
        rows: number of rows from the beginning that are in the hot tier or the bad-rows file.
        last: an item of these rows, which must still be in the hot tier; empty if none of them is.
        bad_path, bad_bytes: the bad-rows file; empty if there is none.
        places: for a table, how far each of its parts is done; empty if it is finished.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    version: int = VERSION
    file: dict[str, int | str]
    load: str
    rows: int
    last: str
    bad_path: str
    bad_bytes: int
    counts: dict[str, int]
    problems: dict[str, int]
    first: list[tuple[int | str, str, str]]
    places: dict[str, str] = {}


def digest_of(*parts: Any) -> str:
    """Return a digest of plain values."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def read_progress(path: Path) -> Progress | None:
    """Return the recorded progress; None if there is none, or its version or form is unknown."""
    with os_errors_reported(str(path), "cannot be read"), contextlib.suppress(FileNotFoundError):
        content = path.read_bytes()
        with contextlib.suppress(ValidationError):
            found = Progress.model_validate_json(content)
            return found if found.version == VERSION else None
    return None


def write_progress(path: Path, progress: Progress) -> None:
    """Record progress atomically. Raises: ConfigurationError."""
    write_whole(path, orjson.dumps(progress.model_dump(), option=orjson.OPT_INDENT_2).decode())


@contextmanager
def held(path: Path, busy: tuple[str, str] = BUSY) -> Iterator[None]:
    """Hold a lock against others of the same name. Raises: ConfigurationError if it is taken.

    Args:
        busy: cause and remedy of that error.
    """
    lock = Path(f"{path}.lock")
    with os_errors_reported(str(lock)):
        guard = FileLock(lock, timeout=0)
        try:
            guard.acquire()
        except Timeout:
            raise ConfigurationError(str(path), *busy) from None
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            lock.unlink()
        guard.release()
