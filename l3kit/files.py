"""Atomic writes of files, with operating system errors reported with a remedy."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from l3kit.errors import ConfigurationError

LOCK_SECONDS = 30.0
"""The longest wait for another program that changes the same file of a twin."""
_REMEDIES = {
    errno.ENOSPC: "Make room on that disk, or name another place",
    errno.EDQUOT: "Make room within your quota, or name another place",
    errno.EFBIG: "Make room, or raise the limit of a file's size",
    errno.EROFS: "That disk is read-only: name another place",
    errno.EACCES: "Allow this user to write there, or name another place",
    errno.EPERM: "Allow this user to write there, or name another place",
    errno.EISDIR: "It is a folder: name a file in it",
    errno.ENOTDIR: "A part of that path is a file: name another place",
    errno.EEXIST: "A part of that path is a file: name another place",
    errno.ENAMETOOLONG: "Name a shorter path",
}
UNWRITABLE = frozenset(_REMEDIES)
"""Error numbers that mean an unwritable location."""
_OTHER = "Name a place that can be written"


def refusal(error: OSError) -> tuple[str, str]:
    """Return the operating system's message and the remedy."""
    remedy = _REMEDIES.get(error.errno or 0, _OTHER)
    return error.strerror or type(error).__name__, remedy


@contextmanager
def os_errors_reported(resource: str, doing: str = "cannot be written", remedy: str = "") -> Iterator[None]:
    """Translate operating system errors. Raises: ConfigurationError with the resource, the cause and the remedy.

    Args:
        remedy: appended to the remedy for the cause.
    """
    try:
        yield
    except OSError as error:
        cause, first = refusal(error)
        raise ConfigurationError(resource, f"{doing} ({cause})", f"{first}. {remedy}" if remedy else first) from None


def write_whole(path: Path, text: str, resource: str = "") -> None:
    """Write a file atomically and create its folder; lone surrogates become escapes, as in JSON.

    Args:
        resource: its name in errors; its path if empty.
    Raises: ConfigurationError; an earlier file is left unchanged.
    """
    with os_errors_reported(resource or str(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        replace_file(path, text.encode("utf-8", "backslashreplace"))


def replace_file(path: Path, content: bytes) -> None:
    """Write a file atomically and durably, also across a power cut; an existing one keeps its mode.

    Raises: OSError; an earlier file is left unchanged.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".l3kit.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            shutil.copymode(path, temporary)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def private(path: str, flags: int) -> int:
    """Opener for `open(..., opener=private)`: a new file is accessible to its owner alone from creation."""
    return os.open(path, flags, 0o600)


def check_writable(path: Path) -> None:
    """Check, before the work, that its result can be written; creates only the folder. Raises: ConfigurationError."""
    with os_errors_reported(str(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".l3kit."):
            pass
