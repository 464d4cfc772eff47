"""The example's real telemetry: a year of hourly weather at three stations, loaded into the hot store."""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from l3kit.coroutines import run
from l3kit.errors import ConfigurationError
from l3kit.tier_stores import open_tiers

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin import Twin

WEATHER_FILE = "nyc_weather_2013.csv.gz"
QUANTITIES: dict[str, str] = {
    "temp": "°F",
    "dewp": "°F",
    "humid": "%",
    "wind_dir": "degrees",
    "wind_speed": "mph",
    "wind_gust": "mph",
    "precip": "inch",
    "pressure": "hPa",
    "visib": "mile",
}
"""The nine measured quantities and their units (params/twins/nyc-weather/README.md)."""
BATCH_ITEMS = 500
_JSON_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")

Reading = tuple[str, bytes]


def read_weather(path: Path, newest: datetime, *, last: int | None = None) -> list[Reading]:
    """The file's readings as (device id, chunk JSON), in time order.

    Args:
        newest: where the newest reading's time is shifted to; whole seconds, UTC.
        last: only so many newest readings of each station.
    Missing values are left out; numbers keep the digits they have in the file.
    Raises: ConfigurationError where the file is missing or not of that form.
    """
    try:
        readings = _shifted(path, newest)
    except (OSError, EOFError, zlib.error, csv.Error, KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(path.name, f"cannot be read as weather data ({error})") from None
    if last is None:
        return readings
    kept: dict[str, int] = {}
    newest_first = []
    for device, item in reversed(readings):
        kept[device] = kept.get(device, 0) + 1
        if kept[device] <= last:
            newest_first.append((device, item))
    return newest_first[::-1]


def _shifted(path: Path, newest: datetime) -> list[Reading]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = [(datetime.fromisoformat(row["time_hour"]), row) for row in csv.DictReader(file)]
    if not rows:
        raise ValueError("it holds no readings")
    shift = newest.astimezone(UTC) - max(moment for moment, _ in rows)
    rows.sort(key=lambda entry: (entry[0], entry[1]["origin"]))
    return [(row["origin"], _item(row, moment + shift)) for moment, row in rows]


def put_telemetry(
    session: Session, twin: Twin, readings: Sequence[Reading], *, progress: Callable[[int], None] = lambda count: None
) -> int:
    """Write readings into the hot store; a repeat overwrites each with itself. Returns their number.

    Args:
        progress: called with the number of items just written.
    Raises: StoreError, ItemRefusedError.
    """

    async def put() -> int:
        async with open_tiers(session, twin) as tiers:
            if tiers.hot is None:
                raise ConfigurationError(f"twin {twin.name}", "its hot tier is on a cloud this session does not reach")
            for device, items in _batches(readings):
                await tiers.hot.put_items(device, items)
                progress(len(items))
        return len(readings)

    return run(put())


def _batches(readings: Sequence[Reading]) -> Iterator[tuple[str, list[bytes]]]:
    by_device: dict[str, list[bytes]] = {}
    for device, item in readings:
        by_device.setdefault(device, []).append(item)
    for device, items in by_device.items():
        for start in range(0, len(items), BATCH_ITEMS):
            yield device, items[start : start + BATCH_ITEMS]


def _item(row: dict[str, str], moment: datetime) -> bytes:
    head = {"iotDeviceId": row["origin"], "id": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}
    values = {name: orjson.Fragment(_number(row[name])) for name in QUANTITIES if row[name] not in ("", "NA")}
    return orjson.dumps({**head, **values})


def _number(text: str) -> str:
    if not _JSON_NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is not a number")
    return text
