"""Structured logging: one JSON object per line with the request id, tokens redacted."""

from __future__ import annotations

import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

import orjson

from l3kit.tiering.tokens import Secret

_request_id: ContextVar[str] = ContextVar("l3kit_request_id", default="")
"""Request id of the current thread or task; several requests may be in progress."""


class LogLines(logging.Formatter):
    """Formats log records. Set `request_id` at the start of each invocation; it holds for that one alone.

    Args:
        tokens: redacted in messages and tracebacks, as signatures are.
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
        """Replace the runtime's log handlers; log l3kit from level INFO, libraries from WARNING."""
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
        from l3kit.tiering.transfer.signing import redacted

        text = text.encode("utf-8", "backslashreplace").decode()
        for token in self._tokens:
            text = text.replace(token, "***")
        return redacted(text)
