"""Pauses of movers: subject, start, author and reason, and the two stored forms. docs/how-to/operations.md.

The hot-to-cold mover finds them in one record of its journal, the cold-to-archive mover as objects in the cold tier,
one for the twin or for each device. A mover only lists these, so their keys name the paused device.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import orjson

from l3kit.tiering.counts import MAX_NAMED, count_of
from l3kit.tiering.format.chunks import RESERVED_PREFIX, device_prefix
from l3kit.tiering.ports import JournalRow, ObjectInfo

PAUSE_NAME = "pause/hot-to-cold-mover"
PAUSE_PREFIX = f"{RESERVED_PREFIX}paused/"
MAX_PAUSES_BYTES = 300_000
"""Limit for the journal's record; DynamoDB's limit for an item is 400 KB."""
UNREADABLE = "its record cannot be read, so nothing is moved; l3kit resume writes a new one"
_TWIN_KEY = f"{PAUSE_PREFIX}twin.json"
_DEVICES = f"{PAUSE_PREFIX}devices/"
_END = ".json"


@dataclass(frozen=True, slots=True)
class Pause:
    """One pause. `by` and `reason` are empty if unknown."""

    since: datetime
    by: str = ""
    reason: str = ""

    def summary(self) -> str:
        by = f" by {self.by}" if self.by else ""
        return f"paused since {_iso(self.since)}{by}{f' ({self.reason})' if self.reason else ''}"

    def to_json(self) -> dict[str, str]:
        return {"since": _iso(self.since), "by": self.by, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Pauses:
    """The pauses of a mover: the whole twin, or some devices, or both."""

    twin: Pause | None = None
    devices: Mapping[str, Pause] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.twin is not None or bool(self.devices)

    def of(self, device_id: str) -> Pause | None:
        """The pause that stops this device."""
        return self.twin or self.devices.get(device_id)

    def exactly(self, device_id: str | None) -> Pause | None:
        """The pause of the twin as a whole (None), or of this device by itself."""
        return self.twin if device_id is None else self.devices.get(device_id)

    def joined(self, other: Pauses) -> Pauses:
        """The union of both; this one's take precedence."""
        return Pauses(self.twin or other.twin, {**other.devices, **self.devices})

    def changed(self, device_id: str | None, pause: Pause | None) -> Pauses:
        """With this pause of the twin (None) or of a device, or without it if `pause` is None."""
        if device_id is None:
            return Pauses(pause, self.devices)
        others = {name: one for name, one in self.devices.items() if name != device_id}
        return Pauses(self.twin, others if pause is None else {**others, device_id: pause})

    def summary(self) -> str:
        """One sentence without a full stop; empty if nothing is paused."""
        parts = [f"the twin is {self.twin.summary()}"] if self.twin else []
        if len(self.devices) == 1:
            ((name, pause),) = self.devices.items()
            parts.append(f"device {name} is {pause.summary()}")
        elif self.devices:
            more = f" and {len(self.devices) - MAX_NAMED:,} more" if len(self.devices) > MAX_NAMED else ""
            names = ", ".join(sorted(self.devices)[:MAX_NAMED])
            parts.append(f"{count_of(len(self.devices), 'device is', 'devices are')} paused: {names}{more}")
        return "; ".join(parts)

    def to_json(self) -> list[dict[str, str | None]]:
        """Plain JSON values, first the twin's pause, whose `device` is null."""
        named = [(None, self.twin), *sorted(self.devices.items())]
        return [{"device": name, **pause.to_json()} for name, pause in named if pause is not None]


NOTHING = Pauses()


def pauses_of_json(rows: Iterable[Mapping[str, Any]]) -> Pauses:
    """The inverse of `to_json`. Raises: KeyError, TypeError, ValueError for anything else."""
    pauses = NOTHING
    for row in rows:
        device = row["device"]
        if not (device is None or isinstance(device, str)):
            raise TypeError("device")
        since = datetime.fromisoformat(row["since"])
        pauses = pauses.changed(device, Pause(since, str(row["by"]), str(row["reason"])))
    return pauses


def pauses_of_row(row: JournalRow | None) -> Pauses:
    """The pauses in the journal's record. A damaged record counts as a pause of the twin with that as reason."""
    if row is None:
        return NOTHING
    try:
        return pauses_of_json(orjson.loads(row.attributes["pauses"]))  # type: ignore[arg-type]
    except (KeyError, TypeError, ValueError):
        return Pauses(Pause(datetime.fromtimestamp(0, UTC), "", UNREADABLE))


def row_of(pauses: Pauses, before: JournalRow | None) -> JournalRow:
    """The journal's record after `before`."""
    text = orjson.dumps(pauses.to_json()).decode()
    return JournalRow(before.version + 1 if before else 1, {"pauses": text})


def pause_key(device_id: str | None) -> str:
    """The key of the object that pauses the twin (None) or a device."""
    return _TWIN_KEY if device_id is None else f"{_DEVICES}{device_prefix(device_id)[:-1]}{_END}"


def pauses_of_objects(infos: Iterable[ObjectInfo]) -> Pauses:
    """The pauses of the objects under `PAUSE_PREFIX`; other keys are ignored."""
    pauses = NOTHING
    for info in infos:
        if info.key == _TWIN_KEY:
            pauses = pauses.changed(None, Pause(info.modified))
        elif info.key.startswith(_DEVICES) and info.key.endswith(_END):
            pauses = pauses.changed(unquote(info.key[len(_DEVICES) : -len(_END)]), Pause(info.modified))
    return pauses


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
