"""Rows of a table: each item as a row, with its key instead of a line number. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from l3kit.clouds.ports.source_table import SourceItem
from l3kit.operate.load.devices import LoadedDevices
from l3kit.operate.load.json_rows import KEPT_ROW, cells_of, refused_row
from l3kit.operate.load.mapping import RowMapping
from l3kit.operate.load.pump import Batch
from l3kit.operate.load.reading import take_row
from l3kit.operate.load.rows import ADDED, BadRow, Row, RowProblem
from l3kit.tiering.format.item_json import JSON_NUMBER
from l3kit.tiering.format.item_members import item_members
from l3kit.tiering.format.strict_json import NotStrictError


@dataclass(frozen=True, slots=True)
class TableRows:
    """Converts a table's items to batches."""

    mapping: RowMapping
    devices: LoadedDevices

    def batch(self, items: Sequence[SourceItem], done: int = 0) -> Batch:
        """Return a batch of these items, whose devices are in the twin's list. `done`: number of earlier items."""
        batch = Batch(rows=done + len(items), position=done + len(items))
        for number, item in enumerate(items, done + 1):
            take_row(batch, item_row(number, item, self.mapping.columns.device), self.mapping, self.devices)
        self.devices.save()
        return batch


def item_row(number: int, item: SourceItem, device: str = "") -> Row | BadRow:
    """Return an item as a row. `device`: the attribute with the device; numbers in it become text."""
    if item.refusal:
        remedy = "Leave the attribute out in the table, or load this item from a file"
        text = item.json.decode("utf-8", "backslashreplace")
        return BadRow(number, RowProblem.BAD_VALUE, f"{item.refusal}. {remedy}", text, item.key)
    try:
        cells = cells_of(item_members(item.json))
    except NotStrictError as error:
        return refused_row(number, item.json, error, item.key)
    if device and JSON_NUMBER.fullmatch(named := cells.get(device, "")):
        cells[device] = f'"{named}"'
    return Row(number, cells, None, item.key)


def bad_item_line(row: BadRow) -> str:
    """Return an item as a line of a bad-rows file."""
    kept = {f"{ADDED}key": row.key, f"{ADDED}problem": f"{row.problem}: {row.cause}", KEPT_ROW: row.text}
    return orjson.dumps(kept, option=orjson.OPT_APPEND_NEWLINE).decode()
