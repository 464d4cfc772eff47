"""Standard streams in a pipe whose reader has left, as `head` does once it has its lines."""

from __future__ import annotations

import os
import select
import sys
from typing import TextIO

_GONE = select.POLLERR | select.POLLHUP


def discard_unread() -> bool:
    """Discard what is still to be written to a standard stream that nobody reads any more.

    Returns: whether there is one. Without one a `BrokenPipeError` is that of another pipe, or of a socket.
    """
    unread = [stream for stream in (sys.stdout, sys.stderr) if _is_unread(stream)]
    for stream in unread:  # or Python would fail again when it flushes them at its end
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    return bool(unread)


def _is_unread(stream: TextIO) -> bool:
    try:
        number = stream.fileno()
    except (OSError, ValueError):  # it is no file of the operating system, or closed
        return False
    poll = select.poll()
    poll.register(number, 0)
    return any(event & _GONE for _, event in poll.poll(0))
