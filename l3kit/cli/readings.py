"""Readings of a query as a table for people, as CSV, and as plain values."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from l3kit.notebook.gaps import gaps_tables
from l3kit.notebook.tables import Displayable, Sheet, Table, format_value
from l3kit.operate.query import QueryResult
from l3kit.tiering.counts import count_of
from l3kit.tiering.format.exact_numbers import exact_dumps
from l3kit.tiering.format.item_json import PARTITION_KEY, SORT_KEY

TIER = "tier"


@dataclass(frozen=True, slots=True, repr=False)
class Readings(Displayable):
    """The first readings of a result, and what is missing.

    Attributes:
        rows: the readings to show.
    """

    found: QueryResult
    rows: tuple[Mapping[str, Any], ...]

    def to_json(self) -> dict[str, Any]:
        """The result and these readings; incomplete if some are omitted."""
        left = len(self.found.rows) - len(self.rows)
        limits = {"left_out": left, "complete": self.found.complete and not left}
        return {**self.found.to_json(), **limits, "readings": [plain(row) for row in self.rows]}

    def sheet(self) -> Sheet:
        """Return the gaps, then a line for each reading."""
        names = [SORT_KEY, TIER, *_others(self.rows)]
        cells = tuple(tuple(_shown(row.get(name)) for name in names) for row in self.rows)
        left = len(self.found.rows) - len(self.rows)
        more = f"{count_of(left, 'more reading')}: --limit all, or --csv FILE" if left else ""
        shown = (Table(("time", *names[1:]), cells, frozenset(_numeric(self.rows, names)), more=more),) if cells else ()
        return Sheet(self.found.summary(), (*gaps_tables(self.found.gaps), *shown))


def csv_of(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return readings as CSV with every digit; values other than numbers and texts are JSON."""
    names = [PARTITION_KEY, SORT_KEY, TIER, *_others(rows)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return text.getvalue()


def plain(value: Any) -> Any:
    """Return a value of an item in JSON's types: binaries in base64, sets as sorted lists, times as ISO 8601."""
    if isinstance(value, Mapping):
        return {str(name): plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, frozenset | set):
        return sorted(map(plain, value))
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.isoformat() if isinstance(value, datetime) else value


def _others(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return sorted({name for row in rows for name in row} - {PARTITION_KEY, SORT_KEY, TIER})


def _numeric(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[str]:
    """The columns whose values are numbers."""
    held = {name: [row[name] for row in rows if row.get(name) is not None] for name in names}
    return [name for name, values in held.items() if values and not any(isinstance(v, str | bool) for v in values)]


def _shown(value: Any) -> str:
    return _cell(value) if isinstance(value, Mapping | list | tuple) else format_value(value)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else exact_dumps(plain(value)).decode()
