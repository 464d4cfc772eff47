"""Devices of a new twin from a CSV file: the distinct ids of one of its columns."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from l3kit.errors import ConfigurationError
from l3kit.given_values import all_problems, did_you_mean
from l3kit.operate.load.columns import Columns, Places
from l3kit.operate.load.rows import BadRow, Row
from l3kit.operate.load.settings import Cells, Settings, encoding_of
from l3kit.operate.load.sources import opened, sources
from l3kit.twin.devices import DEVICES

NAMED = 10
"""Maximum bad rows named in an error, and columns named in a note."""


@dataclass(frozen=True, slots=True)
class _DeviceColumn(Columns):
    """Finds only the device column; a device file has no times.

    Attributes:
        header: all columns of the file.
    """

    header: list[str] = field(default_factory=list, init=False, repr=False)

    def of_table(self, names: Sequence[str], where: str) -> Places:
        self.header[:] = names
        if self.device:
            if self.device not in names:
                cause = "is not there"
                raise ConfigurationError(f"{where}: column {self.device!r}", cause, did_you_mean(self.device, names))
            return Places(self.device, "", ())
        found = self.with_keys(names).device or next((name for name in names if name.lower() == "id"), "")
        if not found:
            shown = ", ".join(map(repr, names[:20]))
            remedy = f"Name it with --device-column. The columns are {shown}"
            raise ConfigurationError(where, "no column alone is the device by its name", remedy)
        return Places(found, "", ())


def devices_of_file(
    path: Path, column: str = "", encoding: str = "utf-8", tell: Callable[[str], None] = lambda note: None
) -> list[str]:
    """Return the distinct devices of a file in order, holding one row in memory at a time.

    Args:
        column: with the ids; empty: found by its name, as `l3kit load` does, or else the one called `id`.
        tell: takes a sentence about the ignored columns.
    Raises: ConfigurationError with the lines of all rows that name no device.
    """
    if path.is_dir():
        raise ConfigurationError(str(path), "is a folder", "Name a CSV file")
    (source,), _ = sources([path], "csv")
    columns = _DeviceColumn(device=column)
    settings = Settings(columns, cells=Cells(encoding=encoding_of(encoding)))
    devices: dict[str, None] = {}
    bad = 0
    problems: list[str] = []
    with opened(source, io.BytesIO(), settings) as table:
        assert table.places is not None, "a CSV file is a table"
        ids = table.places.device
        for row in table.rows:
            cell = row.cells.get(ids) if isinstance(row, Row) else None
            if cell is not None:
                devices[orjson.loads(cell)] = None
                continue
            bad += 1
            if len(problems) < NAMED:
                problem = (
                    f"{row.problem}: {row.cause}" if isinstance(row, BadRow) else "has no device. Correct or remove it"
                )
                problems.append(f"{path}:{row.number}: {problem}")
    if bad > len(problems):
        problems.append(f"and {bad - len(problems):,} more rows")
    if problems:
        raise all_problems("--devices-from", problems)
    if not devices:
        raise ConfigurationError(str(path), "has no rows", "Name a file with a header and a device in each row")
    if left := [name for name in columns.header if name != ids]:
        tell(f"{path}: left out: {_named(left)}. Of a device {DEVICES} needs its id alone, which is in {ids!r} here")
    return list(devices)


def _named(columns: Sequence[str]) -> str:
    more = f" and {len(columns) - NAMED:,} more" if len(columns) > NAMED else ""
    return ", ".join(map(repr, columns[:NAMED])) + more
