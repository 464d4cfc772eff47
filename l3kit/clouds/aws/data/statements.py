"""PartiQL statements that delete an item as it was read, and that put one back. Pure.

What the service takes was tried on Amazon's DynamoDB Local: a name stands in double quotes, doubled inside; a name
that begins with `#` or `:` is taken for a placeholder, so it is left out of conditions; INSERT wants each attribute's
name in its text and takes no whole item as a parameter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from l3kit.clouds.aws.data import odd_text
from l3kit.clouds.aws.data.items import WRAPPED, unwrapped
from l3kit.tiering.format.item_json import KEYS

MAX_STATEMENTS = 25
"""In one request (BatchExecuteStatement in the DynamoDB API reference)."""
MAX_STATEMENT_BYTES = 8192
"""The API reference says characters; in UTF-8 there are never fewer bytes than those."""
MAX_COMPARISONS = 150
"""In one condition: with the ANDs between them 299 of 300 operators ("Constraints" in the developer guide)."""
MAX_REQUEST_BYTES = 1 << 20
"""Of statements and parameters together; the answer brings as much back. No page of a Query is larger either."""
MAX_CONDITIONS = 256
"""Kept for the next item with the same attributes."""

PARAMETERS_END = b"]}"

Wire = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Condition:
    """The delete of items with certain attributes; one for all items of a kind.

    Attributes:
        head: the statement as JSON, up to where its parameters begin; behind them stands PARAMETERS_END.
        names: the attributes it compares, in the order of the parameters.
        attributes: how many the item has.
    """

    head: bytes
    names: tuple[str, ...]
    attributes: int

    @property
    def whole(self) -> bool:
        """Whether every attribute is compared."""
        return len(self.names) == self.attributes


class Conditions:
    """The conditions of one table."""

    def __init__(self, table: str) -> None:
        self._begin = f"DELETE FROM {_quoted(table)} WHERE "
        self._known: dict[tuple[str, ...], Condition] = {}

    def of(self, names: Iterable[str]) -> Condition:
        """For an item with attributes of these names: compares all of them, or as many as fit, the shortest first."""
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


def parameters(condition: Condition, item: Wire) -> bytes:
    """The parameters of an item's delete, joined by commas."""
    return orjson.dumps([item[name] for name in condition.names])[1:-1]


def insertion(table: str, item: Wire) -> bytes:
    """The statement, with its parameters, that puts an item back unless there is one of its key; as JSON.

    Where the names of its attributes are too long for a statement, all but the keys go into one map, the attribute
    WRAPPED, which every reader of l3kit takes apart again.
    """
    whole = unwrapped(item)
    text = _insertion(table, whole)
    if not _fits(text):
        rest = {name: value for name, value in whole.items() if name not in KEYS}
        whole = {**{name: whole[name] for name in KEYS}, WRAPPED: {"M": rest}}
        text = _insertion(table, whole)
    return odd_text.dumps({"Statement": text, "Parameters": list(whole.values())})


def request(statements: bytes) -> bytes:
    """The body of a BatchExecuteStatement. `statements`: as JSON, joined by commas."""
    return b'{"ReturnConsumedCapacity":"TOTAL","Statements":[%b]}' % statements


def _insertion(table: str, item: Wire) -> str:
    names = ",".join("'" + name.replace("'", "''") + "':?" for name in item)
    return f"INSERT INTO {_quoted(table)} VALUE {{{names}}}"


def _fits(text: str) -> bool:
    try:
        return len(text.encode()) <= MAX_STATEMENT_BYTES
    except UnicodeEncodeError:  # half a surrogate pair in a name
        return False


def _comparisons(names: Iterable[str]) -> str:
    return " AND ".join(map(_comparison, names))


def _comparison(name: str) -> str:
    return f"{_quoted(name)}=?"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
