"""Past erases of a device, as their records in the archive tier tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from l3kit.errors import StoreError
from l3kit.operate.erase.pieces import Tally
from l3kit.operate.erase.record import DONE, EraseRecord, moment_of_record, records_of
from l3kit.operate.erase.report import Unreached
from l3kit.tiering.ports import ObjectStore


@dataclass(frozen=True, slots=True)
class PastErase:
    """One erase of a device.

    Attributes:
        record: key of its closed record; of one that has not ended, the prefix of what is recorded so far.
        finished: None if it has not ended: it was interrupted, waits for its last look, or is under way.
        tally: what was erased.
        unreached: what it did not reach; None if its record does not tell.
        look_again: the time from which one that has not ended can finish; None at once.
    """

    record: str
    started: datetime
    finished: datetime | None
    tally: Tally
    by: str = ""
    reason: str = ""
    unreached: tuple[Unreached, ...] | None = None
    look_again: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values; times in ISO 8601."""
        return {
            "record": self.record,
            "started": self.started.isoformat(),
            "finished": self.finished and self.finished.isoformat(),
            "by": self.by,
            "reason": self.reason,
            "erased": list(self.tally.rows()),
            "unreached": None if self.unreached is None else [one.to_json() for one in self.unreached],
            "look_again": self.look_again and self.look_again.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class PastErases:
    """All erases of a device, in the order in which they began.

    Attributes:
        unread: keys of records that cannot be read.
    """

    erases: tuple[PastErase, ...] = ()
    unread: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.erases or self.unread)

    @property
    def ended(self) -> tuple[PastErase, ...]:
        return tuple(one for one in self.erases if one.finished)


NEVER_ERASED = PastErases()


async def past_erases(archive: ObjectStore, device: str) -> PastErases:
    """Read the records of a device's erases. Raises: StoreError if the store does not give one."""
    erases: list[PastErase] = []
    unread: list[str] = []
    for started, names in sorted((await records_of(archive, device)).items()):
        record = EraseRecord(archive, device, moment_of_record(started))
        key = f"{record.prefix}{DONE}"
        if DONE in names:
            body = await archive.read(key)
            try:
                erases.append(_ended(key, record.started, orjson.loads(body)))
            except (ValueError, KeyError, TypeError, AttributeError):
                unread.append(key)
            continue
        try:
            await record.load(names)
        except StoreError as error:
            if not error.resource.startswith(record.prefix):
                raise
            unread.append(error.resource)
            continue
        erases.append(
            PastErase(record.prefix, record.started, None, record.tally, look_again=record.look_again),
        )
    return PastErases(tuple(erases), tuple(unread))


def _ended(key: str, started: datetime, done: dict[str, Any]) -> PastErase:
    finished = datetime.fromisoformat(done["finished"]).astimezone(UTC)
    told = done.get("unreached")
    unreached = None if told is None else tuple(map(Unreached.of_json, told))
    by, reason = str(done.get("by", "")), str(done.get("reason", ""))
    return PastErase(key, started, finished, Tally.of_rows(done["erased"]), by, reason, unreached)
