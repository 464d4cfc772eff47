"""Logs that state an error's type and location but never its message, which may quote what a client sent.

Most servers and libraries quote a malformed header, token included, when they refuse it.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import traceback
from types import TracebackType

PRIVATE_UMASK = 0o077
FRAMES = 12
"""Frames logged of each traceback, counted from the innermost."""


class RedactingFormatter(logging.Formatter):
    """Log level, logger, location and types of errors; omits the message, which may contain parts of a request."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{self.formatTime(record)} {record.levelname} {record.name} ({record.module}:{record.lineno})"
        error = record.exc_info[1] if record.exc_info else None
        return f"{line}\n{kind_and_place(error)}" if error is not None else line


def log_redacted(level: int = logging.WARNING) -> None:
    """Send this process's log records and uncaught errors to stderr in redacted form.

    Also sets the umask, so that files of this process and its children are readable by this user only.
    """
    os.umask(PRIVATE_UMASK)
    handler = logging.StreamHandler()
    handler.setFormatter(RedactingFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    threading.excepthook = lambda ended: _report(ended.exc_value)
    sys.unraisablehook = lambda raised: _report(raised.exc_value)
    sys.excepthook = _report_uncaught


def kind_and_place(error: BaseException) -> str:
    """The types of an error and of its causes, each with its innermost frames."""
    lines: list[str] = []
    current: BaseException | None = error
    while current is not None and len(lines) < 5 * FRAMES:
        frames = traceback.extract_tb(current.__traceback__)[-FRAMES:]
        lines.append(type(current).__qualname__)
        lines += [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\n".join(lines)


def _report(error: BaseException | None) -> None:
    if error is not None:
        print(kind_and_place(error), file=sys.stderr, flush=True)


def _report_uncaught(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
    _report(error)
