"""Rows of a file or table, as yielded by every reader, and bad rows. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

ADDED = "l3kit_"
"""Prefix of the columns that a bad-rows file has in addition to those of its input; a load ignores them."""


class RowProblem(StrEnum):
    """The reason why a row is not in the hot tier, in addition to the problems of docs/reference/items.md."""

    BAD_ROW = "bad-row"
    BAD_ENCODING = "bad-encoding"
    BAD_VALUE = "bad-value"
    HEADER_AGAIN = "header-again"
    HOUR_TWICE = "hour-twice"
    HOUR_SKIPPED = "hour-skipped"
    OTHER_CONTENT = "other-content"


@dataclass(frozen=True, slots=True)
class Row:
    """One reading of a file or table.

    Attributes:
        number: its first line, or its number in a file without lines; from 1.
        cells: values as JSON text, by column, without empty cells.
        text: the row as in the file; None if the file is not text.
        key: an item's key in a table, as JSON.
    """

    number: int
    cells: Mapping[str, str]
    text: str | None
    key: str = ""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is not in the hot tier. `text`: for the bad-rows file."""

    number: int
    problem: str
    cause: str
    text: str
    key: str = ""


def row_text(row: Row) -> str:
    """Return a row for a bad-rows file."""
    if row.text is not None:
        return row.text
    import orjson

    return "{" + ",".join(f"{orjson.dumps(name).decode()}:{value}" for name, value in row.cells.items()) + "}"
