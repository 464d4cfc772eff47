"""Writing files for people: whole or not at all, and what the operating system refuses in words, with a remedy."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from l3kit.errors import ConfigurationError

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
"""Error numbers of a place that cannot be written."""
_OTHER = "Name a place that can be written"


def refusal(error: OSError) -> tuple[str, str]:
    """The operating system's word and the remedy."""
    remedy = _REMEDIES.get(error.errno or 0, _OTHER)
    return error.strerror or type(error).__name__, remedy


@contextmanager
def told(resource: str, doing: str = "cannot be written", remedy: str = "") -> Iterator[None]:
    """Tell what the operating system refuses. Raises: ConfigurationError naming the resource, the cause, the remedy.

    Args:
        remedy: said after the one for the cause.
    """
    try:
        yield
    except OSError as error:
        cause, first = refusal(error)
        raise ConfigurationError(resource, f"{doing} ({cause})", f"{first}. {remedy}" if remedy else first) from None


def write_whole(path: Path, text: str, resource: str = "") -> None:
    """Write a file, all or nothing, making its folder; halves of surrogate pairs become escapes, as in JSON.

    Args:
        resource: what it is called in an error; its path where this is empty.
    Raises: ConfigurationError; an earlier file is left as it was.
    """
    with told(resource or str(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".l3kit.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def private(path: str, flags: int) -> int:
    """For `open(..., opener=private)`: a new file is this user's alone from its first moment."""
    return os.open(path, flags, 0o600)


def check_writable(path: Path) -> None:
    """Before work whose outcome will be written there. Raises: ConfigurationError. Leaves nothing but the folder."""
    with told(str(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".l3kit."):
            pass
