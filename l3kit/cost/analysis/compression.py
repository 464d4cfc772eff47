"""Measurement of real items: bytes as JSON, as billed by the hot store, and compressed, at rest and on the wire."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from l3kit.cost.model.workload import Workload
from l3kit.errors import ConfigurationError
from l3kit.providers import names_with, part
from l3kit.tiering.format.chunk_filler import ChunkFiller
from l3kit.tiering.format.chunks import compress
from l3kit.tiering.ports import Compression, Page
from l3kit.tiering.receiver_limit import SMALLEST_LIMIT
from l3kit.tiering.settings.tuning import MAX_CHUNK_BYTES
from l3kit.tiering.transfer import payload

if TYPE_CHECKING:
    import pandas as pd

COMPRESSIONS: tuple[Compression, ...] = ("none", "gzip", "zstd")
_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Measured:
    """Sizes and ratios measured on items.

    Attributes:
        items: their number.
        item_bytes, hot_item_bytes: mean, as JSON and as a hot store bills them.
        at_rest: stored bytes / chunk bytes by compression.
        wire: bytes sent / chunk bytes across a border, for a chunk stored uncompressed.
        chunk_bytes: the largest chunk, uncompressed.
    """

    items: int
    item_bytes: int
    hot_item_bytes: int
    at_rest: Mapping[Compression, Decimal]
    wire: Decimal
    chunk_bytes: int

    def apply(self, workload: Workload, compression: Compression) -> Workload:
        """The workload with these ratios and its own sizes.

        Raises: ConfigurationError for an unknown compression.
        """
        if compression not in COMPRESSIONS:
            raise ConfigurationError(
                "compression", f"{compression!r} is not known", f"Allowed: {', '.join(COMPRESSIONS)}"
            )
        return replace(workload, at_rest_ratio=self.at_rest[compression], wire_ratio=self.wire)

    def to_frame(self) -> pd.DataFrame:
        """Ratio by compression, at rest and on the wire."""
        import pandas as pd

        rows: list[list[str | float]] = [[name, float(ratio), float(1 / ratio)] for name, ratio in self.at_rest.items()]
        rows.append(["gzip on the wire", float(self.wire), float(1 / self.wire)])
        return pd.DataFrame(rows, columns=["compression", "ratio", "times smaller"]).set_index("compression")


def measure(items: Sequence[bytes], chunk_bytes: int = MAX_CHUNK_BYTES) -> Measured:
    """Cut items into chunks as the mover does, and compress each as it is stored and as it is sent.

    Args:
        items: one device's, as chunk JSON, in time order.
    Raises: ConfigurationError if there are none.
    """
    if not items:
        raise ConfigurationError("items to measure", "there are none", "Give at least one item")
    bodies = list(_bodies(items, chunk_bytes))
    plain = sum(map(len, bodies))
    at_rest = {name: _ratio(sum(len(compress(body, name)) for body in bodies), plain) for name in COMPRESSIONS}
    sent = sum(len(payload.encode([body], SMALLEST_LIMIT).body) for body in bodies)
    return Measured(
        len(items),
        round(sum(map(len, items)) / len(items)),
        round(sum(map(_billed_bytes(), items)) / len(items)),
        at_rest,
        _ratio(sent, plain),
        max(map(len, bodies)),
    )


def _bodies(items: Sequence[bytes], chunk_bytes: int) -> Iterator[bytes]:
    """The chunks' bytes, by the filler that the mover uses."""
    filler = ChunkFiller(chunk_bytes)
    filler.add(Page([f"{at:012d}" for at in range(len(items))], list(items), None))
    while not filler.empty:
        draft, body = filler.draft()
        yield body
        filler.drop(draft)


def measure_weather(path: Path, chunk_bytes: int = MAX_CHUNK_BYTES) -> Measured:
    """`measure` on the newest station's year of the example's weather (`nyc_weather_2013.csv.gz`)."""
    return _measured_weather(path, path.stat().st_mtime_ns if path.exists() else 0, chunk_bytes)


@functools.lru_cache(maxsize=8)
def _measured_weather(path: Path, changed: int, chunk_bytes: int) -> Measured:
    """Measure once for each state of the file: scenarios that are compared have the same sample."""
    from datetime import UTC, datetime

    from l3kit.operate.weather import read_weather

    readings = read_weather(path, datetime(2013, 12, 31, tzinfo=UTC))
    station = readings[-1].device_id
    return measure([one.json for one in readings if one.device_id == station], chunk_bytes)


def _billed_bytes() -> Callable[[bytes], int]:
    """The billed size of an item in a hot store: by the first cloud with such a rule, else the item's own."""
    clouds = names_with("item size")
    return part(clouds[0], "item size") if clouds else len


def _ratio(part: int, whole: int) -> Decimal:
    return (Decimal(part) / whole).quantize(_PLACES, ROUND_HALF_EVEN)


def read_items(path: Path) -> list[bytes]:
    """Items of a file with one JSON object per line. Raises: ConfigurationError naming an invalid line."""
    items = []
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise ConfigurationError(path.name, f"cannot be read ({error.strerror})") from None
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise ConfigurationError(f"{path.name}, line {number}", f"is not JSON ({error})") from None
            items.append(line.strip())
    return items
