"""Expiry of archived chunks: which are due, and the records of those deleted. No I/O. docs/how-to/expiry.md.

A batch of one device's chunks has two records in the archive tier: one of what is due, written before the first delete,
and one of what was deleted, written after the last. A run that died in between leaves only the first; of that batch,
exactly the chunks that the archive no longer holds have been deleted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

from l3kit.tiering.format.chunks import RESERVED_PREFIX, ChunkKey, device_prefix, parse_object_key
from l3kit.tiering.format.item_times import DAY, MINUTE, moment_or_none, movable_moment

EXPIRED_PREFIX = f"{RESERVED_PREFIX}expired/"
MAX_CHUNKS = 500
"""Maximum number of chunks in a batch."""
ODD_FORM_MARGIN = 2 * DAY
"""Added to a time with an offset or without a zone: its text order may differ from time order by any time zone."""
Kind = Literal["due", "gone"]
_NAME = re.compile(r"(?P<cutoff>[0-9TZ:-]{20})_(?P<run>.+)_(?P<number>[0-9]{5})-(?P<kind>due|gone)\.json")


def is_due(key: str, cutoff: int) -> bool:
    """Return whether all items of the chunk with this key are older than the cutoff; False for any other key."""
    chunk = parse_object_key(key)
    over = None if chunk is None else _over(chunk)
    return over is not None and over <= cutoff


def has_age(key: str) -> bool:
    """Return whether the object is a chunk whose key states the times of its items."""
    chunk = parse_object_key(key)
    return chunk is not None and _over(chunk) is not None


def _over(chunk: ChunkKey) -> int | None:
    """The moment before which all items of a chunk lie; None if its key states no times.

    Text order is time order except within a minute (`time_ranges`), and for forms that movers do not move.
    """
    bounds = [_end_of_minute(chunk.start), _end_of_minute(chunk.end)]
    known = [bound for bound in bounds if bound is not None]
    return max(known) if len(known) == len(bounds) else None


def _end_of_minute(text: str) -> int | None:
    moment, margin = movable_moment(text), 0
    if moment is None:  # version 0.1.0 also moved times without a zone
        moment, margin = moment_or_none(text), ODD_FORM_MARGIN
        moment = moment_or_none(f"{text}Z") if moment is None else moment
    return None if moment is None else moment // MINUTE * MINUTE + MINUTE + margin


@dataclass(frozen=True, slots=True)
class ExpiringChunk:
    """A chunk in a record. `sha256` and `items` are None where its metadata lack them; `size` is as it is stored."""

    key: str
    sha256: str | None
    items: int | None
    size: int

    def to_json(self) -> dict[str, Any]:
        return {"key": self.key, "sha256": self.sha256, "items": self.items, "bytes": self.size}

    @classmethod
    def of_json(cls, row: Mapping[str, Any]) -> ExpiringChunk:
        """The inverse of `to_json`. Raises: KeyError, TypeError, ValueError for anything else."""
        sha256, items = row["sha256"], row["items"]
        return cls(str(row["key"]), sha256 and str(sha256), None if items is None else int(items), int(row["bytes"]))


@dataclass(frozen=True, slots=True)
class Batch:
    """The identity of a batch: the n-th one of a device in a run. `cutoff`: what is older was due."""

    device_id: str
    cutoff: str
    run_id: str
    number: int

    def key(self, kind: Kind) -> str:
        """The key of a record."""
        return f"{records_prefix(self.device_id)}{self.cutoff}_{self.run_id}_{self.number:05d}-{kind}.json"

    def due_record(self, chunks: Iterable[ExpiringChunk], now: datetime) -> bytes:
        """The record written before the first delete."""
        return self._record(now, due=[chunk.to_json() for chunk in chunks])

    def gone_record(
        self, gone: Iterable[ExpiringChunk], left: Mapping[str, str], unsettled: Iterable[ExpiringChunk], now: datetime
    ) -> bytes:
        """The record written after the last delete.

        Args:
            left: why a chunk is still there, by key.
            unsettled: chunks whose deletion the store has neither confirmed nor refused.
        """
        return self._record(
            now,
            gone=[chunk.to_json() for chunk in gone],
            left=[{"key": key, "reason": reason} for key, reason in left.items()],
            unsettled=[chunk.to_json() for chunk in unsettled],
        )

    def _record(self, now: datetime, **content: Any) -> bytes:
        head = {"device_id": self.device_id, "run_id": self.run_id, "cutoff": self.cutoff}
        written = now.astimezone(UTC).isoformat(timespec="seconds")
        return orjson.dumps({**head, "written": written, **content}, option=orjson.OPT_INDENT_2)


def records_prefix(device_id: str) -> str:
    """The common prefix of all records of a device."""
    return EXPIRED_PREFIX + device_prefix(device_id)


@dataclass(frozen=True, slots=True)
class RecordName:
    """A record's key in parts. `stem` is the same for both records of a batch."""

    key: str
    stem: str
    cutoff: str
    kind: str


def record_names(keys: Iterable[str]) -> list[RecordName]:
    """Parse the keys of records; other keys are left out."""
    found = []
    for key in keys:
        folder, _, name = key.rpartition("/")
        if match := _NAME.fullmatch(name):
            stem = f"{folder}/{match['cutoff']}_{match['run']}_{match['number']}"
            found.append(RecordName(key, stem, match["cutoff"], match["kind"]))
    return found


def deciding(names: Sequence[RecordName]) -> list[RecordName]:
    """The deciding record of each batch: that of its deletions, or of its due chunks if its run died."""
    ended = {name.stem for name in names if name.kind == "gone"}
    return [name for name in names if name.kind == "gone" or name.stem not in ended]


def chunks_named(record: bytes) -> list[ExpiringChunk]:
    """The chunks deleted according to this record, unless the archive holds them.

    Raises: KeyError, TypeError, ValueError.
    """
    content = orjson.loads(record)
    rows = content["due"] if "due" in content else [*content["gone"], *content["unsettled"]]
    return [ExpiringChunk.of_json(row) for row in rows]
