"""Parsing of log lines, as written by l3kit's functions and Python's logging."""

from __future__ import annotations

import json
import re
from datetime import datetime

from l3kit.clouds.ports.function_logs import LogLine

_OURS = {"time", "level", "function", "request_id", "logger", "message", "error"}
"""Members of the lines of l3kit's functions."""
_LEVEL = re.compile(r"\[?(DEBUG|INFO|WARNING|ERROR|CRITICAL)\b")


def log_line(id: str, moment: datetime, printed: str) -> LogLine:
    """Parse a line as a function printed it: the JSON of `tiering.runtime.log_lines`, or any other text."""
    text = printed.rstrip()
    content = _json(text)
    if not isinstance(content, dict) or not isinstance(content.get("message"), str) or not content.keys() <= _OURS:
        level = _LEVEL.match(text)
        return LogLine(id, moment, text, level[1] if level else "")
    parts = [content["message"], *([str(content["error"])] if content.get("error") else [])]
    return LogLine(id, moment, "\n".join(parts), str(content.get("level", "")), str(content.get("request_id", "")))


def _json(text: str) -> object:
    if not text.startswith("{"):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
