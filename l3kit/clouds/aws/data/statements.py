"""PartiQL statements that conditionally delete an item, create one, and put one back. No I/O.

Syntax verified with Amazon's DynamoDB Local: a name is in double quotes, doubled inside; a name that begins with `#` or
`:` is read as a placeholder, so it is left out of conditions; INSERT requires each attribute's name in its text and
accepts no whole item as a parameter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import orjson

from l3kit.clouds.aws.data import odd_text
from l3kit.clouds.aws.data.items import WRAPPED, unwrapped
from l3kit.tiering.format.item_json import KEYS

MAX_STATEMENTS = 25
"""Maximum statements per request (BatchExecuteStatement in the DynamoDB API reference)."""
MAX_STATEMENT_BYTES = 8192
"""The API reference counts characters; counting UTF-8 bytes is never less strict."""
MAX_COMPARISONS = 150
"""Maximum comparisons per condition: with ANDs 299 of 300 operators ("Constraints" in the developer guide)."""
MAX_REQUEST_BYTES = 1 << 20
"""Limit for statements and parameters together; the response is as large. A Query page is not larger either."""
MAX_CONDITIONS = 256
"""Maximum cached conditions, and creations, reused by items with the same attributes."""

PARAMETERS_END = b"]}"

Wire = Mapping[str, Any]


class Condition(NamedTuple):
    """The conditional delete of items with the same attribute names.

    Attributes:
        head: the statement as JSON up to its parameters, which PARAMETERS_END follows.
        names: the compared attributes, in the order of the parameters.
        attributes: number of attributes of the item.
    """

    head: bytes
    names: tuple[str, ...]
    attributes: int

    @property
    def whole(self) -> bool:
        """True if every attribute is compared."""
        return len(self.names) == self.attributes


class Conditions:
    """The conditions of one table."""

    def __init__(self, table: str) -> None:
        self._begin = f"DELETE FROM {_quoted(table)} WHERE "
        self._known: dict[tuple[str, ...], Condition] = {}

    def of(self, names: Iterable[str]) -> Condition:
        """The condition for items with these attributes: compares all of them, or as many as fit, shortest first."""
        ordered = tuple(sorted(names))
        known = self._known.get(ordered)
        if known is None:
            if len(self._known) == MAX_CONDITIONS:
                self._known.clear()
            known = self._known[ordered] = self._make(ordered)
        return known

    def _make(self, names: tuple[str, ...]) -> Condition:
        end = " RETURNING ALL OLD *"
        chosen = set(KEYS)
        room = MAX_STATEMENT_BYTES - len((self._begin + _comparisons(KEYS) + end).encode())
        for name in sorted(names, key=len):
            size = len(f" AND {_comparison(name)}".encode())
            if name in chosen or name[:1] in ("", "#", ":") or size > room or len(chosen) == MAX_COMPARISONS:
                continue
            chosen.add(name)
            room -= size
        compared = tuple(name for name in names if name in chosen)
        text = self._begin + _comparisons(compared) + end
        return Condition(b'{"Statement":%b,"Parameters":[' % orjson.dumps(text), compared, len(names))


class Insertions:
    """The statements that create items in one table.

    INSERT creates an item, each attribute of which is a parameter, unless its key exists.
    """

    def __init__(self, table: str) -> None:
        self._table = table
        self._known: dict[tuple[str, ...], bytes | None] = {}

    def of(self, item: Wire) -> bytes | None:
        """The statement with parameters, as JSON; None if the attribute names are too long for a statement.

        Raises: TypeError for a lone surrogate.
        """
        names = tuple(item)
        if names not in self._known:
            if len(self._known) == MAX_CONDITIONS:
                self._known.clear()
            text = _insertion(self._table, item)
            self._known[names] = b'{"Statement":%b,"Parameters":' % orjson.dumps(text) if _fits(text) else None
        head = self._known[names]
        return None if head is None else head + orjson.dumps(list(item.values())) + b"}"


def parameters(condition: Condition, item: Wire) -> bytes:
    """The parameters of an item's delete, joined by commas."""
    return orjson.dumps([item[name] for name in condition.names])[1:-1]


def insertion(table: str, item: Wire) -> bytes:
    """The statement with parameters, as JSON, that puts an item back unless its key exists.

    If the attribute names are too long for a statement, all but the keys go into one map, the attribute WRAPPED, which
    every reader of l3kit unwraps.
    """
    whole = unwrapped(item)
    text = _insertion(table, whole)
    if not _fits(text):
        rest = {name: value for name, value in whole.items() if name not in KEYS}
        whole = {**{name: whole[name] for name in KEYS}, WRAPPED: {"M": rest}}
        text = _insertion(table, whole)
    return odd_text.dumps({"Statement": text, "Parameters": list(whole.values())})


def request(statements: bytes) -> bytes:
    """Build the body of a BatchExecuteStatement. `statements`: as JSON, joined by commas."""
    return b'{"ReturnConsumedCapacity":"TOTAL","Statements":[%b]}' % statements


def _insertion(table: str, item: Wire) -> str:
    names = ",".join("'" + name.replace("'", "''") + "':?" for name in item)
    return f"INSERT INTO {_quoted(table)} VALUE {{{names}}}"


def _fits(text: str) -> bool:
    try:
        return len(text.encode()) <= MAX_STATEMENT_BYTES
    except UnicodeEncodeError:  # a lone surrogate in a name
        return False


def _comparisons(names: Iterable[str]) -> str:
    return " AND ".join(map(_comparison, names))


def _comparison(name: str) -> str:
    return f"{_quoted(name)}=?"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
