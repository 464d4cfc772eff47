"""The shipped notebooks and params files, rewritten for another twin."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_PARAM = re.compile(r"^(?P<name>\w+): +(?P<value>.*?) +# (?P<comment>.*)$")
_ASSIGNMENT = re.compile(r"^(?P<name>\w+) = (?P<value>.*?)(?P<comment>  # .*)$")
_LOCAL_LINK = re.compile(r"\[([^\]]+)\]\((?!https?://)[^)]+\)")


def params_file(text: str, values: Mapping[str, Any], head: str) -> str:
    """Return a params file with other values; names, comments and their column are unchanged.

    Args:
        values: by parameter; None omits the parameter.
        head: its first line, without `# `.
    """
    rows = []
    for line in text.splitlines():
        if found := _PARAM.match(line):
            value = values.get(found["name"], ...)
            if value is not None:
                shown = found["value"] if value is ... else json.dumps(value, ensure_ascii=False)
                rows.append((f"{found['name']}: {shown}", found["comment"]))
    width = max(len(row) for row, _ in rows)
    return "\n".join([f"# {head}", *(f"{row:<{width}}  # {comment}" for row, comment in rows), ""])


def parameters_cell(source: str, values: Mapping[str, Any]) -> str:
    """Return a notebook's parameters cell with other values; a parameter with the value None is omitted."""
    lines = []
    for line in source.splitlines():
        found = _ASSIGNMENT.match(line)
        value = values.get(found["name"], ...) if found else ...
        if found is None or value is ...:
            lines.append(line)
        elif value is not None:
            lines.append(f"{found['name']} = {_python(value)}{found['comment']}")
    return "\n".join(lines)


def without_local_links(markdown: str) -> str:
    """Return prose whose links to the repository's pages are plain text."""
    return _LOCAL_LINK.sub(r"\1", markdown)


def _python(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
