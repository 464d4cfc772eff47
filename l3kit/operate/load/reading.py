"""Batches of the rows of a file, and the check of all files before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO

from l3kit.errors import ConfigurationError
from l3kit.given_values import all_problems
from l3kit.operate.load.devices import LoadedDevices
from l3kit.operate.load.mapping import RowMapping
from l3kit.operate.load.pump import Batch
from l3kit.operate.load.rows import BadRow, Row
from l3kit.operate.load.settings import Settings
from l3kit.operate.load.sources import OpenedRows, Source, opened
from l3kit.operate.load.writing import Prepared
from l3kit.tiering.counts import count_of
from l3kit.twin.config import Twin

BATCH_ROWS = 500
BATCH_BYTES = 4 << 20
CHECKED_ROWS = 1_000
"""Number of rows at the beginning of a file; at least one of them must be good before anything is written."""


def batches(
    rows: Iterable[Row | BadRow],
    mapping: RowMapping,
    devices: LoadedDevices,
    *,
    size: int = BATCH_ROWS,
    done: int = 0,
    position: Callable[[], int] = lambda: 0,
) -> Iterator[Batch]:
    """Yield the rows in batches of items whose devices are in the twin's list.

    Args:
        size: rows of a batch.
        done: number of rows before these.
    """
    batch, weight = Batch(rows=done), 0
    for row in rows:
        batch.rows += 1
        weight += take_row(batch, row, mapping, devices)
        if len(batch) >= size or weight >= BATCH_BYTES:
            yield _ended(batch, devices, position)
            batch, weight = Batch(rows=batch.rows), 0
    if len(batch):
        yield _ended(batch, devices, position)


def take_row(batch: Batch, row: Row | BadRow, mapping: RowMapping, devices: LoadedDevices) -> int:
    """Add a row to a batch, as an item or as a bad row. Returns: the size of what was added."""
    if isinstance(row, Row):
        made = mapping.item(row)
        fault = made if isinstance(made, BadRow) else devices.refusal(row, made.device_id)
        if fault is None:
            assert not isinstance(made, BadRow)
            batch.items.append(Prepared(row, made))
            return len(made.json)
        row = fault
    batch.bad.append(row)
    return len(row.text)


def _ended(batch: Batch, devices: LoadedDevices, position: Callable[[], int]) -> Batch:
    devices.save()
    batch.position = position()
    return batch


def mapping_of(rows: OpenedRows, twin: Twin, settings: Settings) -> RowMapping:
    """Return the mapping of a file's rows to items of a twin."""
    devices = frozenset(device.id for device in twin.devices)
    digits = twin.config.time_digits
    return RowMapping(settings.columns, settings.times, digits, rows.places, devices)


def check_files(found: Sequence[Source], twin: Twin, settings: Settings, stdin: IO[bytes]) -> None:
    """Open each file and convert its first rows without writing anything; standard input is skipped.

    Raises: ConfigurationError with every problem of every file.
    """
    problems: list[str] = []
    for source in found:
        if source.path is None:
            continue
        try:
            with opened(source, stdin, settings) as rows:
                devices = LoadedDevices(twin, add=settings.add_devices, dry_run=True)
                first = batches(rows.rows, mapping_of(rows, twin, settings), devices, size=CHECKED_ROWS)
                refuse_if_all_bad(source.name, next(first, Batch()))
        except ConfigurationError as error:
            problems.append(str(error))
    if problems:
        raise all_problems("load", problems)


def refuse_if_all_bad(name: str, batch: Batch) -> None:
    """Check rows. Raises: ConfigurationError if all of them are bad."""
    if batch.items or not batch.bad:
        return
    one = batch.bad[0]
    rows = "the only row" if len(batch.bad) == 1 else f"each of the first {count_of(len(batch.bad), 'row')}"
    raise ConfigurationError(f"{name}:{one.key or one.number}", f"{rows} is bad; this one: {one.problem}: {one.cause}")
