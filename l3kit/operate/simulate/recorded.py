"""Messages from a file: CSV, JSON lines, or the example's weather; with their own times, or shifted to now."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

import orjson

from l3kit.errors import ConfigurationError, NotATimeError
from l3kit.operate.simulate.readings import DeviceMessage
from l3kit.operate.weather import read_weather
from l3kit.tiering.format.item_json import JSON_NUMBER
from l3kit.tiering.format.item_times import SECOND, moment_of, read_moment, shortest
from l3kit.tiering.format.messages import DEVICE_NAMES, TIME_NAMES
from l3kit.tiering.format.strict_json import members

WEATHER_COLUMNS = frozenset(("origin", "time_hour"))
REMEDY = "See `l3kit simulate --help` for the forms of a file"

Parts = Mapping[str, bytes]


class RecordedMessages:
    """The messages of a file, read again on each iteration.

    Args:
        newest: the time to which the newest reading is shifted, and all others with it, by whole seconds; None keeps
            the times, and the lines of a JSON file unchanged.
        devices: ids of the devices to take; None is all.
    """

    def __init__(self, path: Path, newest: datetime | None, devices: Collection[str] | None = None) -> None:
        self._path = path
        self._newest = newest
        self._devices = devices

    def __iter__(self) -> Iterator[DeviceMessage]:
        """Yield the messages in the file's order. Raises: ConfigurationError naming the file and the line."""
        try:
            if self._is_weather():
                yield from self._weather()
            else:
                yield from self._others()
        except (OSError, EOFError, zlib.error, csv.Error, UnicodeDecodeError) as error:
            raise ConfigurationError(str(self._path), f"cannot be read ({error})", REMEDY) from None

    def _is_weather(self) -> bool:
        if ".csv" not in self._path.suffixes:
            return False
        with _opened(self._path) as file:
            return set(next(csv.reader(file), [])) >= WEATHER_COLUMNS

    def _weather(self) -> Iterator[DeviceMessage]:
        for one in read_weather(self._path, self._newest):
            if self._devices is None or one.device_id in self._devices:
                yield DeviceMessage(one.device_id, one.json)

    def _others(self) -> Iterator[DeviceMessage]:
        shift = 0 if self._newest is None else self._shift(moment_of(self._newest))
        for number, line, parts in self._lines():
            where = f"{self._path}, line {number}"
            device = _device(parts, where)
            if self._devices is not None and device not in self._devices:
                continue
            if self._newest is None and line is not None:
                yield DeviceMessage(device, line)
            else:
                yield DeviceMessage(device, _joined(_shifted(parts, shift, where)))

    def _shift(self, newest: int) -> int:
        """Return the nanoseconds from the file's newest time to this one, in whole seconds."""
        times = [_moment(parts, f"{self._path}, line {number}")[1] for number, _, parts in self._lines()]
        return (newest - max(times)) // SECOND * SECOND if times else 0

    def _lines(self) -> Iterator[tuple[int, bytes | None, Parts]]:
        """Yield number, bytes (of a JSON line) and members of each line that is not empty."""
        if ".csv" in self._path.suffixes:
            for number, row in _rows(self._path):
                yield number, None, {name: _value(text) for name, text in row.items() if text not in ("", None)}
            return
        with _opened(self._path) as file:
            for number, text in enumerate(file, 1):
                line = text.strip().encode()
                if not line:
                    continue
                try:
                    yield number, line, members(line)
                except ValueError as error:
                    raise ConfigurationError(f"{self._path}, line {number}", str(error), REMEDY) from None


@contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    with path.open("rb") as raw:
        compressed = path.suffix == ".gz"
        with gzip.open(raw) if compressed else raw as data, io.TextIOWrapper(data, "utf-8-sig", newline="") as text:
            yield text


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    with _opened(path) as file:
        reader = csv.DictReader(file)
        for row in reader:
            if None in row:
                cause = "has more fields than the header has names"
                raise ConfigurationError(f"{path}, line {reader.line_num}", cause, REMEDY)
            yield reader.line_num, row


def _value(text: str) -> bytes:
    return text.encode() if JSON_NUMBER.fullmatch(text) else orjson.dumps(text)


def _device(parts: Parts, where: str) -> str:
    name = next((name for name in DEVICE_NAMES if name in parts), None)
    if name is None:
        raise ConfigurationError(where, f"has none of {', '.join(DEVICE_NAMES)}", REMEDY)
    value = orjson.loads(parts[name])
    return value if isinstance(value, str) else parts[name].decode()


def _moment(parts: Parts, where: str) -> tuple[str, int]:
    """Return the member with the time, and the time."""
    name = next((name for name in TIME_NAMES if name in parts), None)
    if name is None:
        raise ConfigurationError(where, f"has none of {', '.join(TIME_NAMES)}", REMEDY)
    try:
        return name, read_moment(parts[name].decode().strip('"'))
    except NotATimeError as error:
        raise ConfigurationError(where, f"{name}: {error.cause}", error.remedy) from None


def _shifted(parts: Parts, shift: int, where: str) -> Parts:
    if not shift:
        return parts
    name, moment = _moment(parts, where)
    return {**parts, name: orjson.dumps(shortest(moment + shift))}


def _joined(parts: Parts) -> bytes:
    return orjson.dumps({name: orjson.Fragment(value) for name, value in parts.items()})
