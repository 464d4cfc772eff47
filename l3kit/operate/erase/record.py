"""The record of what was erased of a device: objects in the archive tier that are only ever created.

Below `_l3kit/erased/{device}/{started}/` are `begun.json`, `part-00001.json` and so on, and `done.json`; also
`later-00001.json` and so on, if a continued erase has to postpone the last look. A part is
stored before what it names is deleted, so a digest is never lost; things that an interrupted erase had named but not
deleted are named only once. Without `done.json` the next erase continues the same record.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import orjson

from l3kit.errors import StoreError
from l3kit.operate.erase.pieces import Piece, Tally
from l3kit.tiering.format.chunks import RESERVED_PREFIX, device_prefix
from l3kit.tiering.ports import ObjectStore

RECORD_PREFIX = f"{RESERVED_PREFIX}erased/"
BEGUN, DONE, LATER = "begun.json", "done.json", "later"
_FORM = "%Y%m%dT%H%M%S.%fZ"
_KEY = re.compile(r"(?P<started>\d{8}T\d{6}\.\d{6}Z)/(?P<name>begun\.json|done\.json|(?:part|later)-\d{5}\.json)")


@dataclass(slots=True)
class EraseRecord:
    """The record of one erase, begun when the first thing is erased.

    Attributes:
        started: start of the erase that began it.
        look_again: the time from which nothing can appear after a last look; None if none is needed.
        put_off: number of times that the last look was postponed.
        parts: key and digest of each part.
        tally: what the parts name.
    """

    archive: ObjectStore
    device: str
    started: datetime
    begun: bool = False
    look_again: datetime | None = None
    put_off: int = 0
    parts: dict[str, str] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    _seen: set[Piece] = field(default_factory=set)

    @property
    def prefix(self) -> str:
        return f"{_of(self.device)}{self.started.astimezone(UTC).strftime(_FORM)}/"

    def pieces(self) -> set[Piece]:
        """Everything that the parts name."""
        return self._seen

    async def begin(self, about: dict[str, Any], look_again: datetime | None) -> None:
        """Begin the record; only the first call of an erase counts. Raises: StoreError."""
        if not self.begun:
            details = {**about, "look_again": look_again.isoformat() if look_again else None}
            await self._create(BEGUN, {"device": self.device, "started": self.started.isoformat(), **details})
            self.begun, self.look_again = True, look_again

    async def last_look(self, wanted: datetime | None) -> datetime | None:
        """Return the time of the last look: the later of the given one and that of a begun record.

        Raises: StoreError.
        """
        if not self.begun or wanted is None or (self.look_again is not None and wanted <= self.look_again):
            return self.look_again if self.begun else wanted
        self.put_off += 1
        await self._create(f"{LATER}-{self.put_off:05d}.json", {"look_again": wanted.isoformat()})
        self.look_again = wanted
        return wanted

    async def note(self, pieces: Sequence[Piece]) -> None:
        """Record pieces that are to be deleted next. Raises: StoreError."""
        new = [piece for piece in dict.fromkeys(pieces) if piece not in self._seen]
        if new:
            name = f"part-{len(self.parts) + 1:05d}.json"
            self._take(name, await self._create(name, [piece.to_json() for piece in new]), new)

    async def finish(self, about: dict[str, Any]) -> str:
        """Close the record. Returns: its key. Raises: StoreError."""
        parts = [{"key": key, "sha256": digest} for key, digest in self.parts.items()]
        await self._create(DONE, {"device": self.device, **about, "erased": list(self.tally.rows()), "parts": parts})
        return f"{self.prefix}{DONE}"

    async def _create(self, name: str, content: Any) -> str:
        body = orjson.dumps(content, option=orjson.OPT_INDENT_2)
        digest = hashlib.sha256(body).hexdigest()
        await self.archive.create(f"{self.prefix}{name}", body, sha256=digest)
        return digest

    def _take(self, name: str, digest: str, pieces: Sequence[Piece]) -> None:
        self.parts[f"{self.prefix}{name}"] = digest
        new = [piece for piece in pieces if piece not in self._seen]
        self._seen.update(new)
        self.tally.add(new)

    async def load(self, names: Sequence[str]) -> None:
        """Load the parts that an interrupted erase has recorded. Raises: StoreError."""
        for name in sorted(names):
            key = f"{self.prefix}{name}"
            body = await self.archive.read(key)
            try:
                content = orjson.loads(body)
                if name == BEGUN:
                    self.begun = True
                    self.look_again = datetime.fromisoformat(at) if (at := content["look_again"]) else None
                elif name.startswith(LATER):
                    self.put_off += 1
                    self.look_again = datetime.fromisoformat(content["look_again"])
                else:
                    self._take(name, hashlib.sha256(body).hexdigest(), [Piece.of_json(row) for row in content])
            except (ValueError, KeyError, TypeError):
                raise StoreError(key, "is not a record that l3kit wrote", "Find out which program wrote it") from None


def unfinished(keys: Iterable[str]) -> set[str]:
    """Return the devices that have a record among these keys which is not closed: their erase was interrupted."""
    found: dict[tuple[str, str], set[str]] = {}
    for key in keys:
        device, _, rest = key.removeprefix(RECORD_PREFIX).partition("/")
        if key.startswith(RECORD_PREFIX) and (parts := _KEY.fullmatch(rest)):
            found.setdefault((device, parts["started"]), set()).add(parts["name"])
    return {unquote(device) for (device, _), names in found.items() if DONE not in names}


def _of(device: str) -> str:
    return f"{RECORD_PREFIX}{device_prefix(device)}"


async def is_unfinished(archive: ObjectStore, device: str) -> bool:
    """Return whether an erase of the device was interrupted, or is under way. Raises: StoreError."""
    return bool(unfinished([info.key async for info in archive.list(_of(device))]))


async def records_of(archive: ObjectStore, device: str) -> dict[str, list[str]]:
    """Return the names in each record of the device's erases, by the text of when it began. Raises: StoreError."""
    found: dict[str, list[str]] = {}
    async for info in archive.list(_of(device)):
        if key := _KEY.fullmatch(info.key.removeprefix(_of(device))):
            found.setdefault(key["started"], []).append(key["name"])
    return found


def moment_of_record(started: str) -> datetime:
    """The time in a record's key."""
    return datetime.strptime(started, _FORM).replace(tzinfo=UTC)


async def open_record(archive: ObjectStore, device: str, now: datetime) -> tuple[EraseRecord, datetime | None]:
    """Return the record of an interrupted erase, or else a new one, and when the last completed erase ended.

    Raises: StoreError.
    """
    found: dict[str, list[str]] = {}
    done: datetime | None = None
    async for info in archive.list(_of(device)):
        if key := _KEY.fullmatch(info.key.removeprefix(_of(device))):
            found.setdefault(key["started"], []).append(key["name"])
            if key["name"] == DONE:
                done = max(done or info.modified, info.modified)
    for started, names in sorted(found.items()):
        if DONE not in names:
            record = EraseRecord(archive, device, moment_of_record(started))
            await record.load(names)
            return record, done
    record = EraseRecord(archive, device, now)
    while record.prefix.removeprefix(_of(device)).rstrip("/") in found:  # two within a microsecond of the clock
        record.started += timedelta(microseconds=1)
    return record, done
