"""Standard streams that accept no more: a pipe whose reader has gone, as with `head`, or a file on a full disk."""

from __future__ import annotations

import errno
import os
import select
import sys
from typing import TextIO

_GONE = select.POLLERR | select.POLLHUP
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def discard_unread() -> bool:
    """Discard pending output of a standard stream that has no reader any more.

    Returns: whether there is such a stream; if not, a `BrokenPipeError` comes from another pipe, or from a socket.
    """
    unread = [stream for stream in (sys.stdout, sys.stderr) if _is_unread(stream)]
    for stream in unread:
        _discard(stream)
    return bool(unread)


def discard_unwritten(error: OSError) -> bool:
    """Discard pending output that a standard stream refuses, e.g. on a full disk. Returns: whether one does."""
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
    """Redirect a stream to /dev/null; otherwise Python fails again when it flushes the stream at exit."""
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
