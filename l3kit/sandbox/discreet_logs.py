"""Logs that tell of an error its kind and where it arose, never its words: those may quote what a client sent.

A malformed header, with the token in it, is quoted by most servers and libraries that refuse it.
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
"""Of an error's traceback that are told: the last ones."""


class DiscreetFormatter(logging.Formatter):
    """Level, logger, place and the errors' kinds. The text of a record is left out: it may hold a request's."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{self.formatTime(record)} {record.levelname} {record.name} ({record.module}:{record.lineno})"
        error = record.exc_info[1] if record.exc_info else None
        return f"{line}\n{kind_and_place(error)}" if error is not None else line


def log_discreetly(level: int = logging.WARNING) -> None:
    """Let everything that this process logs, and errors that end a thread, go to stderr like this.

    Files that it makes, and its children, are this user's alone.
    """
    os.umask(PRIVATE_UMASK)
    handler = logging.StreamHandler()
    handler.setFormatter(DiscreetFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    threading.excepthook = lambda ended: _tell(ended.exc_value)
    sys.unraisablehook = lambda raised: _tell(raised.exc_value)
    sys.excepthook = _tell_last


def kind_and_place(error: BaseException) -> str:
    """The kinds of an error and of those that led to it, and the last frames of each."""
    lines: list[str] = []
    current: BaseException | None = error
    while current is not None and len(lines) < 5 * FRAMES:
        frames = traceback.extract_tb(current.__traceback__)[-FRAMES:]
        lines.append(type(current).__qualname__)
        lines += [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\n".join(lines)


def _tell(error: BaseException | None) -> None:
    if error is not None:
        print(kind_and_place(error), file=sys.stderr, flush=True)


def _tell_last(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
    _tell(error)
