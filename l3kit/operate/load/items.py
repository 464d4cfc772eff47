"""Items of files without a twin to load them into, and the shift of their times."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

from l3kit.errors import ConfigurationError
from l3kit.operate.load.mapping import RowMapping
from l3kit.operate.load.rows import BadRow, Row
from l3kit.operate.load.settings import LoadOptions, Settings, checked
from l3kit.operate.load.sources import Source, opened, sources
from l3kit.tiering.format.item_times import SECOND, read_moment
from l3kit.tiering.format.messages import Telemetry
from l3kit.tiering.settings.twin_info import MAX_DIGITS


def read_items(path: Path, options: LoadOptions, *, time_digits: int = 0) -> list[Telemetry]:
    """Read the items of a file in its order, as a load with these options makes them.

    Raises: ConfigurationError if the file cannot be read, or a row of it is bad.
    """
    (source,), _ = sources([path], None)
    settings = with_shift(checked(options), [source])
    found = []
    for made in _made(source, settings, time_digits):
        if isinstance(made, BadRow):
            raise ConfigurationError(f"{source.name}:{made.number}", f"{made.problem}: {made.cause}")
        found.append(made)
    return found


def with_shift(settings: Settings, found: Sequence[Source]) -> Settings:
    """Return settings that shift times by whole seconds, so that the newest of all files is the requested one.

    The files are read for that, without their bad rows.
    Raises: ConfigurationError if a file cannot be read, or is standard input.
    """
    if settings.shift_to is None:
        return settings
    if any(source.path is None for source in found):
        cause = "needs the newest time first, and standard input can be read only once"
        raise ConfigurationError("--shift-to", cause, "Give the readings as a file")
    made = (one for source in found for one in _made(source, settings, MAX_DIGITS))
    newest = max((read_moment(one.id) for one in made if isinstance(one, Telemetry)), default=None)
    shift = 0 if newest is None else (settings.shift_to - newest) // SECOND * SECOND
    return replace(settings, times=replace(settings.times, shift=shift))


def _made(source: Source, settings: Settings, time_digits: int) -> Iterator[Telemetry | BadRow]:
    nothing: IO[bytes] = io.BytesIO()
    with opened(source, nothing, settings) as rows:
        mapping = RowMapping(settings.columns, settings.times, time_digits, rows.places)
        for row in rows.rows:
            yield mapping.item(row) if isinstance(row, Row) else row
