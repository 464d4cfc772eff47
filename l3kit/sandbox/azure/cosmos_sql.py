"""Confine a Cosmos DB query to one partition by rewriting its text, because the server ignores the partition key."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_LITERAL = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
_FROM = re.compile(
    r"\bFROM\s+(?P<source>\w+)(?:\s+(?:AS\s+)?(?!(?:WHERE|ORDER|GROUP|JOIN|OFFSET|IN)\b)(?P<alias>\w+))?"
    r"(?P<list>\s+IN\b)?",
    re.IGNORECASE,
)
_WHERE = re.compile(r"\bWHERE\b", re.IGNORECASE)
_TAIL = re.compile(r"\bGROUP\s+BY\b|\bORDER\s+BY\b|\bOFFSET\b", re.IGNORECASE)
_ORDER = re.compile(r"\bORDER\s+BY\b", re.IGNORECASE)
_UNORDERED = re.compile(r"\b(?:DISTINCT|JOIN|COUNT|SUM|AVG|MIN|MAX|GROUP\s+BY)\b", re.IGNORECASE)
PARAMETER = "@l3kitPartition"


@dataclass(frozen=True, slots=True)
class Query:
    """A query's text and its parameters."""

    text: str
    parameters: tuple[Mapping[str, Any], ...] = ()

    def body(self) -> dict[str, Any]:
        return {"query": self.text, "parameters": list(self.parameters)}


def confine(query: Query, paths: Sequence[str], values: Sequence[Any]) -> Query:
    """Restrict the query to items whose partition key, at these paths of the container's definition, is `values`.

    A value `{}` selects items without the attribute. Raises: ValueError for an unsupported form of query.
    """
    masked = _masked(query.text)
    found = _FROM.search(masked)
    if found is None:
        raise ValueError("the query has no FROM clause that this sandbox supports")
    if found["list"]:
        raise ValueError("this sandbox does not support FROM ... IN together with a partition key")
    name = found["alias"] or found["source"]
    parameters = list(query.parameters)
    conditions = []
    for path, value in zip(paths, values, strict=False):
        attribute = name + "".join(f"[{json.dumps(part)}]" for part in path.strip("/").split("/"))
        if value == {}:
            conditions.append(f"NOT IS_DEFINED({attribute})")
        elif value is None:
            conditions.append(f"IS_NULL({attribute})")
        else:
            parameter = f"{PARAMETER}{len(conditions)}"
            conditions.append(f"{attribute} = {parameter}")
            parameters.append({"name": parameter, "value": value})
    return Query(_with_condition(query.text, masked, " AND ".join(conditions), found.end()), tuple(parameters))


def in_fixed_order(query: Query) -> Query:
    """Order an unordered query by `_rid`, because the server's paging loses items without an order."""
    masked = _masked(query.text)
    found = _FROM.search(masked)
    if found is None or found["list"] or _ORDER.search(masked) or _UNORDERED.search(masked):
        return query
    name = found["alias"] or found["source"]
    tail = _TAIL.search(masked)
    at = tail.start() if tail else len(query.text)
    return Query(f"{query.text[:at].rstrip()} ORDER BY {name}._rid {query.text[at:]}".strip(), query.parameters)


def _with_condition(text: str, masked: str, condition: str, from_end: int) -> str:
    tail = _TAIL.search(masked, from_end)
    end = tail.start() if tail else len(text)
    where = _WHERE.search(masked, 0, end)
    if where is None:
        return f"{text[:end].rstrip()} WHERE {condition} {text[end:]}".strip()
    inner = text[where.end() : end].strip()
    return f"{text[: where.end()]} {condition} AND ({inner}) {text[end:]}".strip()


def _masked(text: str) -> str:
    """Blank out literals and bracketed text, so that the remaining keywords belong to the query itself."""
    text = _LITERAL.sub(lambda match: " " * len(match[0]), text)
    out: list[str] = []
    depth = 0
    for character in text:
        depth -= character in ")]}"
        out.append(" " if depth > 0 else character)
        depth += character in "([{"
    return "".join(out)
