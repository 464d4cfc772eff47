"""A function's log as one JSON object per line, each with the request id, and never with the token."""

from __future__ import annotations

import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

import orjson

from l3kit.tiering.tokens import Secret

_request_id: ContextVar[str] = ContextVar("l3kit_request_id", default="")
"""Of this thread's or task's call: several may be under way at once."""


class LogLines(logging.Formatter):
    """Formats records; `request_id` is set at the beginning of each call, and belongs to that call alone.

    Args:
        tokens: blotted out wherever a message or traceback should hold one.
    """

    def __init__(self, function: str, *tokens: Secret) -> None:
        super().__init__()
        self._function = function
        self._tokens = [token.reveal() for token in tokens if token]

    @property
    def request_id(self) -> str:
        return _request_id.get()

    @request_id.setter
    def request_id(self, value: str) -> None:
        _request_id.set(value)

    def install(self) -> None:
        """Replace the runtime's own handlers: one line per record, from INFO on; libraries from WARNING on."""
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(self)
        root = logging.getLogger()
        root.handlers[:] = [handler]
        root.setLevel(logging.WARNING)
        logging.getLogger("l3kit").setLevel(logging.INFO)

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "function": self._function,
            "request_id": self.request_id,
            "logger": record.name,
            "message": self._clean(record.getMessage()),
        }
        if record.exc_info:
            line["error"] = self._clean(self.formatException(record.exc_info))
        return orjson.dumps(line, default=str).decode()

    def _clean(self, text: str) -> str:
        text = text.encode("utf-8", "backslashreplace").decode()
        for token in self._tokens:
            text = text.replace(token, "***")
        return text
