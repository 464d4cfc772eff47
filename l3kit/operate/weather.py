"""The example's real telemetry: a year of hourly weather at three stations, read like a file of `l3kit load`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from l3kit.errors import ConfigurationError
from l3kit.operate.load.items import read_items
from l3kit.operate.load.settings import LoadOptions
from l3kit.tiering.format.item_times import SECOND, canonical, moment_of, read_moment
from l3kit.tiering.format.messages import Telemetry

WEATHER_FILE = "nyc_weather_2013.csv.gz"


def weather_options(newest: datetime | None) -> LoadOptions:
    """Return the options with which the file is loaded.

    Args:
        newest: time to which the newest reading is shifted; None keeps the times.
    """
    shift_to = "" if newest is None else newest.astimezone(UTC).isoformat()
    parts = ["year", "month", "day", "hour"]
    return {"device": "origin", "time": "time_hour", "missing": ["NA"], "drop": parts, "shift_to": shift_to}


def read_weather(path: Path, newest: datetime | None, *, last: int | None = None) -> list[Telemetry]:
    """Read the file's readings as items with times to the second, in time order.

    Args:
        newest: as in `weather_options`.
        last: number of newest readings to take from each station.
    Raises: ConfigurationError if the file is missing or malformed.
    """
    readings = read_items(path, weather_options(None))
    if not readings:
        raise ConfigurationError(path.name, "holds no readings", "Install l3kit again")
    readings.sort(key=lambda one: (one.id, one.device_id))
    if last is not None:
        kept = newest_of_each(readings, last)
        readings = [one for one in readings if one in kept]
    return readings if newest is None or not readings else _shifted(readings, newest)


def _shifted(readings: Sequence[Telemetry], newest: datetime) -> list[Telemetry]:
    """Shift times as a load with `shift_to` does, without its second look at the file.

    Args:
        readings: in time order, the newest of the file among them.
    """
    shift = (moment_of(newest) - read_moment(readings[-1].id)) // SECOND * SECOND
    times = {time: canonical(read_moment(time) + shift, 0) for time in {one.id for one in readings}}
    return [_at(one, times[one.id]) for one in readings]


def _at(item: Telemetry, time: str) -> Telemetry:
    key = b'"id":"%b"'
    body = item.json.replace(key % item.id.encode(), key % time.encode(), 1)
    return replace(item, id=time, json=body)


def newest_of_each(readings: Sequence[Telemetry], count: int) -> set[Telemetry]:
    """Return this many of the newest readings of each station, out of readings in time order."""
    stations = defaultdict(list)
    for one in readings:
        stations[one.device_id].append(one)
    return {one for those in stations.values() for one in those[max(0, len(those) - count) :]}
