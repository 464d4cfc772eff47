"""Stops that an operator sets for a twin or for devices of it: since when, by whom and why, and their two stored forms.

A function finds them in one record of the journal, or, where it has no journal, as objects in its tier: one for the
twin or for each device. It lists these alone, so their keys say what is stopped. docs/how-to/operations.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, Self, TypeVar
from urllib.parse import unquote

import orjson

from l3kit.tiering.counts import MAX_NAMED, count_of
from l3kit.tiering.format.chunks import device_prefix
from l3kit.tiering.ports import JournalRow, ObjectInfo

MAX_RECORD_BYTES = 300_000
"""Limit for the journal's record; DynamoDB's limit for an item is 400 KB."""
_END = ".json"
_DEVICES = "devices/"


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop. `by` and `reason` are empty where they are not known."""

    since: datetime
    by: str = ""
    reason: str = ""

    participle: ClassVar[str]
    """The word for something that it stops."""

    def summary(self) -> str:
        by = f" by {self.by}" if self.by else ""
        return f"{self.participle} since {_iso(self.since)}{by}{f' ({self.reason})' if self.reason else ''}"

    def to_json(self) -> dict[str, str]:
        return {"since": _iso(self.since), "by": self.by, "reason": self.reason}


S = TypeVar("S", bound=Stop)


@dataclass(frozen=True, slots=True)
class Stops(Generic[S]):
    """The stops of one kind: of the whole twin, or of some devices, or both."""

    twin: S | None = None
    devices: Mapping[str, S] = field(default_factory=dict)

    kind: ClassVar[type[Stop]]
    record: ClassVar[str]
    """The name of the journal's record."""
    attribute: ClassVar[str]
    """The attribute of that record."""
    prefix: ClassVar[str]
    """The prefix of the objects."""
    unreadable: ClassVar[str]
    """The reason of the twin's stop that a damaged record counts as."""

    def __bool__(self) -> bool:
        return self.twin is not None or bool(self.devices)

    def of(self, device_id: str) -> S | None:
        """The stop that applies to this device."""
        return self.twin or self.devices.get(device_id)

    def exactly(self, device_id: str | None) -> S | None:
        """The stop of the twin as a whole (None), or of this device by itself."""
        return self.twin if device_id is None else self.devices.get(device_id)

    def joined(self, other: Self) -> Self:
        """Return both together; if both stop the twin or the same device, the stop of `self`."""
        return type(self)(self.twin or other.twin, {**other.devices, **self.devices})

    def changed(self, device_id: str | None, stop: S | None) -> Self:
        """Return the stops with that of the twin (None) or of a device set to `stop`, or removed if it is None."""
        if device_id is None:
            return type(self)(stop, self.devices)
        others = {name: one for name, one in self.devices.items() if name != device_id}
        return type(self)(self.twin, others if stop is None else {**others, device_id: stop})

    def summary(self) -> str:
        """One sentence without its end; empty if nothing is stopped."""
        parts = [f"the twin is {self.twin.summary()}"] if self.twin else []
        if len(self.devices) == 1:
            ((name, stop),) = self.devices.items()
            parts.append(f"device {name} is {stop.summary()}")
        elif self.devices:
            more = f" and {len(self.devices) - MAX_NAMED:,} more" if len(self.devices) > MAX_NAMED else ""
            names = ", ".join(sorted(self.devices)[:MAX_NAMED])
            word = self.kind.participle
            parts.append(f"{count_of(len(self.devices), 'device is', 'devices are')} {word}: {names}{more}")
        return "; ".join(parts)

    def to_json(self) -> list[dict[str, str | None]]:
        """Plain JSON values, first the twin's stop, whose `device` is null."""
        named = [(None, self.twin), *sorted(self.devices.items())]
        return [{"device": name, **stop.to_json()} for name, stop in named if stop is not None]

    @classmethod
    def of_json(cls, rows: Iterable[Mapping[str, Any]]) -> Self:
        """The inverse of `to_json`. Raises: KeyError, TypeError, ValueError for anything else."""
        stops = cls()
        for row in rows:
            device = row["device"]
            if not (device is None or isinstance(device, str)):
                raise TypeError("device")
            since = datetime.fromisoformat(row["since"])
            stops = stops.changed(device, cls._one(since, str(row["by"]), str(row["reason"])))
        return stops

    @classmethod
    def of_row(cls, row: JournalRow | None) -> Self:
        """The stops in the journal's record. One that is damaged counts as a stop of the twin, which says so."""
        if row is None:
            return cls()
        try:
            return cls.of_json(orjson.loads(row.attributes[cls.attribute]))  # type: ignore[arg-type]
        except (KeyError, TypeError, ValueError):
            return cls(cls._one(datetime.fromtimestamp(0, UTC), "", cls.unreadable))

    def row_after(self, before: JournalRow | None) -> JournalRow:
        """The journal's record that replaces `before`."""
        text = orjson.dumps(self.to_json()).decode()
        return JournalRow(before.version + 1 if before else 1, {self.attribute: text})

    @classmethod
    def key(cls, device_id: str | None) -> str:
        """The key of the object that stops the twin (None) or a device."""
        name = "twin" if device_id is None else f"{_DEVICES}{device_prefix(device_id)[:-1]}"
        return f"{cls.prefix}{name}{_END}"

    @classmethod
    def of_objects(cls, infos: Iterable[ObjectInfo]) -> Self:
        """The stops that objects under the prefix represent; other keys are ignored."""
        stops = cls()
        devices = f"{cls.prefix}{_DEVICES}"
        for info in infos:
            if info.key == cls.key(None):
                stops = stops.changed(None, cls._one(info.modified))
            elif info.key.startswith(devices) and info.key.endswith(_END):
                stops = stops.changed(unquote(info.key[len(devices) : -len(_END)]), cls._one(info.modified))
        return stops

    @classmethod
    def _one(cls, since: datetime, by: str = "", reason: str = "") -> S:
        one: S = cls.kind(since, by, reason)  # type: ignore[assignment]
        return one


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
