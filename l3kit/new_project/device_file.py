"""Devices of a new twin from a CSV file: the distinct ids of one of its columns."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from l3kit.errors import ConfigurationError
from l3kit.given_values import all_problems, did_you_mean
from l3kit.operate.load.columns import Columns, Places
from l3kit.operate.load.rows import BadRow, Row
from l3kit.operate.load.settings import Cells, Settings, encoding_of
from l3kit.operate.load.sources import opened, sources

NAMED = 10
"""Bad rows that an error names."""


@dataclass(frozen=True, slots=True)
class _DeviceColumn(Columns):
    """Finds the column of the devices alone; a file of devices has no times."""

    def of_table(self, names: Sequence[str], where: str) -> Places:
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


def devices_of_file(path: Path, column: str = "", encoding: str = "utf-8") -> list[str]:
    """Return the distinct devices of a file in their order; of the file, one row is in memory at a time.

    Args:
        column: with the ids; empty: found by its name, as `l3kit load` does, or else the one called `id`.
    Raises: ConfigurationError with the lines of all rows that name no device.
    """
    if path.is_dir():
        raise ConfigurationError(str(path), "is a folder", "Name a CSV file")
    (source,), _ = sources([path], "csv")
    settings = Settings(_DeviceColumn(device=column), cells=Cells(encoding=encoding_of(encoding)))
    devices: dict[str, None] = {}
    bad = 0
    problems: list[str] = []
    with opened(source, io.BytesIO(), settings) as table:
        assert table.places is not None, "a CSV file is a table"
        for row in table.rows:
            cell = row.cells.get(table.places.device) if isinstance(row, Row) else None
            if cell is not None:
                devices[orjson.loads(cell)] = None
                continue
            bad += 1
            if len(problems) < NAMED:
                told = (
                    f"{row.problem}: {row.cause}" if isinstance(row, BadRow) else "has no device. Correct or remove it"
                )
                problems.append(f"{path}:{row.number}: {told}")
    if bad > len(problems):
        problems.append(f"and {bad - len(problems):,} more rows")
    if problems:
        raise all_problems("--devices-from", problems)
    if not devices:
        raise ConfigurationError(str(path), "has no rows", "Name a file with a header and a device in each row")
    return list(devices)
