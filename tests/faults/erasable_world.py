"""A world whose two devices have something everywhere, one of which is erased; and the checks after that."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from l3kit.operate.erase.mentions import names_device
from l3kit.operate.erase.record import DONE, RECORD_PREFIX
from l3kit.operate.pauses.changes import resume
from l3kit.tiering.format.chunks import device_prefix
from l3kit.tiering.format.expiry import EXPIRED_PREFIX, Batch
from l3kit.tiering.format.holds import Holds
from l3kit.tiering.format.pauses import Pauses
from l3kit.tiering.movers.hot_to_cold import REPORT_PREFIX, read_report
from l3kit.tiering.ports import ObjectStore
from l3kit.tiering.transfer.receipts import RECEIPT_PREFIX
from tests.faults.refused import Letter, letters, refused, refused_also, versions
from tests.faults.world import DEVICES, NOW, World, counted, item

ERASED, OTHER = DEVICES
EACH = 6
"""Items of each device in each tier."""
_MARKS = (Pauses.key(ERASED), Holds.key(ERASED))


@dataclass
class Erasable:
    """One case.

    Attributes:
        items: of both devices.
        kept: the other device's objects that nobody may touch: records of expiry, former versions.
        letters: dead letters of both devices.
        seen: objects of the erased device, as they were met before they went: keys and digests, wherever they were.
        records: keys under the records of erases before this case.
    """

    world: World
    items: list[bytes]
    letters: frozenset[Letter] = frozenset()
    kept: set[tuple[str, str, str]] = field(default_factory=set)
    seen: set[tuple[str, str]] = field(default_factory=set)
    records: set[str] = field(default_factory=set)

    @classmethod
    def prepared(cls, world: World) -> Erasable:
        """Items that the deployed movers have brought into every tier, a part of them already twice on their way."""
        resume(world.session, world.twin, ERASED)  # as a case before may have failed
        world.clear()
        world.do(_forget_reports(world))
        every: list[bytes] = []
        for first, movers in (
            (0, ("hot-to-cold-mover", "cold-to-archive-mover")),
            (20, ("hot-to-cold-mover",)),
            (40, ()),
        ):
            items = [item(d, first + n, case=world.number) for d in DEVICES for n in range(EACH)]
            world.put(items)
            every += items
            for mover in movers:
                report = world.run(mover)  # type: ignore[arg-type]
                assert report["verdict"] == "complete", report
        case = cls(world, every, refused(world))
        world.do(case._expire())
        case.seen = {one for one in world.do(case._digests()) if not one[0].startswith(RECEIPT_PREFIX)}
        case.seen |= _of_erased(case.letters)
        case.kept = world.do(case._others())
        case.records = {key for key, _ in world.do(case._bodies(RECORD_PREFIX))}
        return case

    async def _expire(self) -> None:
        for device in DEVICES:
            batch = Batch(device, "2016-05-30T00:00:00Z", f"r{self.world.number}", 1)
            body = batch.gone_record([], {}, [], NOW)
            await self.world.archive.create(batch.key("gone"), body, sha256=hashlib.sha256(body).hexdigest())

    async def _others(self) -> set[tuple[str, str, str]]:
        part = f"/{device_prefix(OTHER)}"
        return {
            (store.tier, one.key, one.version)
            for store in (self.world.cold, self.world.archive)
            async for one in store.versions()
            if part in f"/{one.key}" and (not one.current or one.key.startswith(EXPIRED_PREFIX))
        }

    async def _bodies(self, prefix: str) -> list[tuple[str, bytes]]:
        archive = self.world.archive
        return [(info.key, await archive.read(info.key)) async for info in archive.list(prefix)]

    def refuse_more(self) -> None:
        """Let the message chain write further dead letters of both devices."""
        late = refused_also(self.world, 80)
        self.letters |= late
        self.seen |= _of_erased(late)

    def look(self) -> None:
        """Note what is there of the erased device while nothing runs, whose end the record has to tell."""
        self.seen |= self.world.do(self._digests())

    async def _digests(self) -> set[tuple[str, str]]:
        found: set[tuple[str, str]] = set()
        part = f"/{device_prefix(ERASED)}"
        for store in (self.world.cold, self.world.archive):
            for key in [info.key async for info in store.list() if part in f"/{info.key}"]:
                if not key.startswith(RECORD_PREFIX) and (info := await store.head(key)) is not None:
                    found.add((key, f"sha256:{info.sha256}"))
        return found

    def check_other(self, what: str) -> None:
        """Raise unless the other device has each of its items once, and of the erased one none is there twice."""
        self.world.tally.checks += 1
        found = self.world.everywhere()
        wanted = counted([one for one in self.items if _device(json.loads(one)) == OTHER])
        there = Counter({text: count for text, count in found.items() if _device(json.loads(text)) == OTHER})
        lost, doubled = wanted - there, there - wanted
        self.world.tally.lost += lost.total()
        self.world.tally.doubled += doubled.total()
        assert not lost, f"{what}: lost {list(lost)[:3]}"
        assert not doubled, f"{what}: doubled or altered {list(doubled)[:3]}"
        assert not found - counted(self.items), f"{what}: an item of the erased device is there twice"
        gone = self.kept - self.world.do(self._others())
        assert not gone, f"{what}: {sorted(gone)[:3]} of the other device went"
        left = letters(self.world)
        assert left <= self.letters, f"{what}: a dead letter was altered"
        missed = [one.key for one in self.letters - left if one.device == OTHER]
        assert not missed, f"{what}: dead letters {missed} of the other device went"

    def traces(self) -> list[str]:
        """Everything that is left of the erased device, but what a store keeps after its deletion whatever is asked."""
        erased = frozenset(one.key for one in self.letters if one.device == ERASED)
        return [*self.world.do(self._traces()), *versions(self.world, erased)]

    async def _traces(self) -> list[str]:
        world, part = self.world, f"/{device_prefix(ERASED)}"
        page = await world.hot.read_page(ERASED, before="9999")
        found = [f"hot {key}" for key in page.sort_keys]
        for store in (world.cold, world.archive):
            async for one in store.versions():
                if (
                    one.kept_until is None
                    and (part in f"/{one.key}" or one.key in _MARKS)
                    and not one.key.startswith(RECORD_PREFIX)
                ):
                    found.append(f"{store.tier} {one.key} {one.version}")
            found += await _naming_reports(store)
        for name in await world.journal.names():
            row = await world.journal.load(name)
            if row is None:
                continue
            named = name == f"device/{ERASED}" or (name == Pauses.record and ERASED in Pauses.of_row(row).devices)
            if named or (name.startswith(REPORT_PREFIX) and names_device(read_report(row), ERASED)):
                found.append(f"journal {name}")
        return found

    def is_closed(self) -> bool:
        """Return whether an erase of this case says that it has ended."""
        return any(
            key.endswith(DONE) for key, _ in self.world.do(self._bodies(RECORD_PREFIX)) if key not in self.records
        )

    def check_record(self, what: str) -> None:
        """Raise unless the records of this case are closed and whole, and name everything that was there."""
        bodies = {key: body for key, body in self.world.do(self._bodies(RECORD_PREFIX)) if key not in self.records}
        ended = {key: json.loads(body) for key, body in bodies.items() if key.endswith(DONE)}
        begun = {key.rpartition("/")[0] for key in bodies}
        assert begun == {key.rpartition("/")[0] for key in ended}, f"{what}: a record is not closed"
        parts = {part["key"]: part["sha256"] for done in ended.values() for part in done["parts"]}
        assert parts == {key: hashlib.sha256(body).hexdigest() for key, body in bodies.items() if "/part-" in key}, (
            f"{what}: parts are not as the record says"
        )
        pieces: list[dict[str, Any]] = [row for key in parts for row in json.loads(bodies[key])]
        missing = self.seen - {(row["name"], row["digest"]) for row in pieces}
        assert not missing, f"{what}: the record does not name {sorted(missing)[:3]}"
        count = sum(row["count"] for row in pieces if row["kind"] in ("items", "chunk"))
        assert count >= 3 * EACH, f"{what}: the record tells of {count} items"


def _of_erased(found: frozenset[Letter]) -> set[tuple[str, str]]:
    return {(one.key, one.digest) for one in found if one.device == ERASED}


def _device(entry: dict[str, Any]) -> str:
    return str(entry["iotDeviceId"])


async def _naming_reports(store: ObjectStore) -> list[str]:
    keys = [info.key async for info in store.list("_l3kit/reports/")]
    return [f"{store.tier} {key}" for key in keys if names_device(json.loads(await store.read(key)), ERASED)]


async def _forget_reports(world: World) -> None:
    """Those of former cases, which every erase would read."""
    for name in await world.journal.names(REPORT_PREFIX):
        if row := await world.journal.load(name):
            await world.journal.remove(name, row.version)
