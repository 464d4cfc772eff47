"""Filters over log entries, as far as l3kit's metrics use them: terms joined by AND. No I/O."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from l3kit.sandbox.gcp.control.answers import invalid

_TERM = re.compile(
    r'(?P<no>NOT\s+)?(?P<path>[A-Za-z0-9_.@"]+)\s*(?P<sign>>=|<=|=|>|<)\s*(?P<value>\([^)]*\)|"[^"]*"|\S+)'
)
_ORDER: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_LEVELS = ("DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY")


def texts_at(asked: str, path: str) -> tuple[str, ...]:
    """Return the texts that a filter allows at a path; none if it has no such term."""
    for term in _terms(asked):
        if term["path"] == path and term["sign"] == "=":
            return _texts(term["value"])
    return ()


def matches(asked: str, entry: Mapping[str, Any]) -> bool:
    """Return whether an entry fulfils every term. Raises: RefusedError for a filter that is not understood."""
    return all(_holds(term, entry) != bool(term["no"]) for term in _terms(asked))


def value_at(entry: Mapping[str, Any], path: str) -> Any:
    """Return what an entry has at a path of names; None if it has nothing there."""
    value: Any = entry
    for name in path.split("."):
        value = value.get(name.strip('"')) if isinstance(value, Mapping) else None
    return value


def _terms(asked: str) -> list[dict[str, str]]:
    found = []
    for text in asked.split(" AND "):
        term = _TERM.fullmatch(text.strip())
        if term is None:
            raise invalid(f"The l3kit sandbox does not understand the filter {text!r}.", "filter")
        found.append(term.groupdict())
    return found


def _holds(term: Mapping[str, str], entry: Mapping[str, Any]) -> bool:
    there, sign, wanted = value_at(entry, term["path"]), term["sign"], term["value"]
    if there is None:
        return False
    if sign == "=":
        return str(there) in _texts(wanted)
    if term["path"] == "severity":
        return _ORDER[sign](_LEVELS.index(str(there)), _LEVELS.index(wanted))
    try:
        return _ORDER[sign](float(there), float(wanted))
    except (TypeError, ValueError):
        return False


def _texts(value: str) -> tuple[str, ...]:
    return tuple(re.findall(r'"([^"]*)"', value)) or (value,)
