"""Standard streams that take no more: a pipe whose reader has left, as `head` does, or a file on a full disk."""

from __future__ import annotations

import errno
import os
import select
import sys
from typing import TextIO

_GONE = select.POLLERR | select.POLLHUP
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def discard_unread() -> bool:
    """Discard what is still to be written to a standard stream that nobody reads any more.

    Returns: whether there is one. Without one a `BrokenPipeError` is that of another pipe, or of a socket.
    """
    unread = [stream for stream in (sys.stdout, sys.stderr) if _is_unread(stream)]
    for stream in unread:
        _discard(stream)
    return bool(unread)


def discard_unwritten(error: OSError) -> bool:
    """Discard what a standard stream cannot take, as on a full disk. Returns: whether the error is that of a stream."""
    refused = [stream for stream in (sys.stdout, sys.stderr) if not _is_written(stream)]
    for stream in refused:
        _discard(stream)
    # An unbuffered stream has nothing left to fail with; a failed write to any other file is reported with its name.
    return bool(refused) or (error.filename is None and error.errno in _FULL)


def _is_written(stream: TextIO) -> bool:
    try:
        stream.flush()
    except OSError:
        return False
    return True


def _discard(stream: TextIO) -> None:
    """Lead a stream to nowhere, or Python would fail again when it flushes it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _is_unread(stream: TextIO) -> bool:
    try:
        number = stream.fileno()
    except (OSError, ValueError):  # it is no file of the operating system, or closed
        return False
    poll = select.poll()
    poll.register(number, 0)
    return any(event & _GONE for _, event in poll.poll(0))
