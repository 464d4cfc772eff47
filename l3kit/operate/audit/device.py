"""The audit of one device: its objects in order, then missing and doubled ones, and the journal's totals."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field

from l3kit.errors import StoreError
from l3kit.notebook.gaps import Gap
from l3kit.operate.audit.content import order_finding
from l3kit.operate.audit.doubles import Doubles
from l3kit.operate.audit.faults import Fault, Finding
from l3kit.operate.audit.kept import Current, Kept
from l3kit.operate.audit.look import AuditedStores, AuditedTier, Listed, Look, chunk_key, look_at
from l3kit.operate.audit.objects import Outcome
from l3kit.operate.audit.totals import Counted, missing_findings, shortfall, totals_findings
from l3kit.operate.expired import expired_of, unread_record
from l3kit.tiering.format.chunks import SEAL_SHA256
from l3kit.tiering.format.expiry import ExpiringChunk
from l3kit.tiering.transfer.receipts import RECEIPT_PREFIX, archived_digest

PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds between looks at a state that a running mover soon changes: it deletes right after copying."""
MOVER_STOPPED = (
    "A mover was interrupted between its copy and its delete: run the cold-to-archive mover, which ends that"
)
CONFLICT = "Compare the two: the cold-to-archive mover leaves both as they are"
Sleep = Callable[[float], Awaitable[None]]


@dataclass(slots=True)
class DeviceAudit:
    """Collects the outcomes of a device's objects, in order.

    Attributes:
        whole: whether all objects are checked, not a sample.
        sleep: waits for a running mover.
        erasing: whether its erase was interrupted, or is under way, so that what is missing is no fault.
    """

    look: Look
    stores: AuditedStores
    kept: Kept
    whole: bool
    sleep: Sleep = asyncio.sleep
    doubles: Doubles = field(default_factory=Doubles)
    gone: list[Listed] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    erasing: bool = False

    def begin(self) -> None:
        """Begin the device, unless an interrupted audit had begun it."""
        state = self.kept.state
        if state.current is None or state.current.device != self.look.device_id:
            counted = None if self.look.counted is None else asdict(self.look.counted)
            expired = self.look.expired
            state.current = Current(device=self.look.device_id, counted=counted, expired=len(expired.chunks))
            for gap in [*([self.look.gap] if self.look.gap else []), *map(unread_record, expired.unread)]:
                self.kept.add_gap(gap)
            for key, chunk in expired.chunks.items():
                self._sum_up_expired(key, chunk)
        elif state.current.expired != len(self.look.expired.chunks):  # some went since, counted or not
            state.current.clean = False

    @property
    def _current(self) -> Current:
        assert self.kept.state.current is not None
        return self.kept.state.current

    @property
    def counted(self) -> Counted | None:
        """The journal's counts at the beginning of the device."""
        held = self._current.counted
        return None if held is None else Counted(**held)  # type: ignore[arg-type]

    def take_again(self, outcome: Outcome) -> None:
        """Take an object again that the interrupted audit had taken, since other objects may have its items as well."""
        self._doubles(outcome)
        self.doubles.left_out = 0  # what has no room now had none then, and is counted

    def take(self, outcome: Outcome) -> None:
        """Take the outcome of an object, and record its faults. Raises: ConfigurationError."""
        one = outcome.listed
        counts = self.kept.state.tier(one.place.tier)
        if outcome.state == "gone":
            self.gone.append(one)
        else:
            counts.objects += 1
        if outcome.gap is not None:
            self.kept.add_gap(outcome.gap)
            self._current.clean = False
        if outcome.info is not None:
            counts.read += outcome.state == "read"
            counts.not_read += outcome.state == "not read"
            counts.restoring += outcome.restoring
            counts.items += outcome.items or 0
            counts.bytes += outcome.info.size
            self._sum_up(outcome)
        for finding in (*outcome.findings, *self._order(outcome), *self._doubles(outcome)):
            self._accuse(one.place, one.info.key, finding)
        self.kept.state.uncompared += self.doubles.left_out
        self.doubles.left_out = 0
        self._current.place = (one.info.key, one.place.tier)

    def _sum_up(self, outcome: Outcome) -> None:
        one, current, counted = outcome.listed, self._current, self.counted
        second = one.twice and one.place.tier == "cold"
        if counted is None or second or one.info.key in self.look.sealed or not counted.counts(one.key):
            return
        if outcome.items is None:
            current.clean = False
        current.items += outcome.items or 0
        if outcome.size is None or current.bytes is None:
            current.bytes = None
        else:
            current.bytes += outcome.size

    def _sum_up_expired(self, key: str, chunk: ExpiringChunk) -> None:
        parsed, current = chunk_key(key), self._current
        if parsed is None or self.counted is None or not self.counted.counts(parsed):
            return
        current.clean = current.clean and chunk.items is not None
        current.items += chunk.items or 0
        if parsed.compression != "none" or current.bytes is None:
            current.bytes = None
        else:
            current.bytes += chunk.size

    def _order(self, outcome: Outcome) -> list[Finding]:
        """Check the order of items, unless the journal did not number the chunk, so that it is third-party."""
        if not outcome.content.unordered:
            return []
        if self.counted is not None and self.counted.numbered(outcome.listed.key):
            return [order_finding()]
        self.kept.state.unordered += 1
        return []

    def _doubles(self, outcome: Outcome) -> list[Finding]:
        one, info = outcome.listed, outcome.info
        if info is None or not one.crowded or one.info.key in self.look.sealed:
            return []
        return list(self.doubles.add(one.info.key, one.span, info.sha256, outcome.content.marks))

    def _accuse(self, place: AuditedTier, key: str, finding: Finding) -> None:
        self._current.clean = False
        self.kept.add_fault(Fault.at(place.tier, place.cloud, key, finding))

    async def end(self) -> None:
        """Check the device as a whole, and again before anything is reported as a fault. Raises: StoreError."""
        if self.erasing:
            self._tell_erasing()
        else:
            await self._vanished()
            await self._in_both_tiers()
            await self._receipts()
            if self.stores.whole and self.counted is not None:
                await self._totals(self.counted)
        state = self.kept.state
        state.devices += 1
        state.expired += len(self.look.expired.chunks)
        state.last_device, state.current = self.look.device_id, None

    def _tell_erasing(self) -> None:
        device = self.look.device_id
        reason = "is being erased, so what is missing of it was not looked for"
        self.kept.add_gap(Gap("", f"device {device}", reason, f"l3kit erase {device} again completes that"))

    async def _vanished(self) -> None:
        """Listed objects that are in no tier any more: a mover removes only seals."""
        for one in self.gone:
            if one.twice or one.info.key in self.look.sealed:
                continue
            if not self.stores.whole:
                gap = Gap(
                    one.place.tier, f"{one.place.tier} object {one.info.key}", "has been moved since", "Audit it again"
                )
                self.kept.add_gap(gap)
            elif await self._has_expired(one.info.key):
                self._current.clean = False
            elif not await self._until(lambda key=one.info.key: self._somewhere(key)):  # type: ignore[misc]
                self.lost.add(one.info.key)
                what = "it was listed at the beginning of the audit, and no tier holds it any more"
                self._accuse(one.place, one.info.key, Finding("missing", what))

    async def _in_both_tiers(self) -> None:
        """Objects in both tiers, as they are briefly while a mover moves them."""
        cold, archive = self.stores.cold, self.stores.archive
        if cold is None or archive is None:
            return
        for key in sorted({one.info.key for one in self.look.objects if one.twice}):

            async def moved(key: str = key) -> bool:
                return await cold.store.head(key) is None

            if await self._until(moved):
                continue
            here, there = await cold.store.head(key), await archive.store.head(key)
            if here is None or there is None:
                continue
            same = here.sha256 is not None and here.sha256 == there.sha256
            held = "the same object" if same else "other content under the same key"
            finding = Finding("double", f"the archive has {held}", MOVER_STOPPED if same else CONFLICT)
            self._accuse(cold, key, finding)

    async def _receipts(self) -> None:
        """Chunks that are archived by a receipt, and that the archive does not hold."""
        cold, archive = self.stores.cold, self.stores.archive
        if cold is None or archive is None:
            return
        for key in self.look.receipts:
            try:
                digest = await archived_digest(cold.store, key)
            except StoreError as error:
                finding = Finding("receipt", f"it {error.cause}", "Find out which program wrote it")
                self._accuse(cold, RECEIPT_PREFIX + key, finding)
                continue
            there = await archive.store.head(key)
            if digest == SEAL_SHA256 or await cold.store.head(RECEIPT_PREFIX + key) is None:
                continue
            if there is None and await self._has_expired(key):
                continue
            if there is None:
                self.lost.add(key)
                what = "its receipt in the cold tier says that it was archived, and the archive does not hold it"
                self._accuse(archive, key, Finding("missing", what))
            elif digest is not None and there.sha256 != digest:
                text = f"its receipt in the cold tier has {digest}, the archive {there.sha256 or 'no digest'}"
                self._accuse(archive, key, Finding("receipt", text))

    async def _totals(self, counted: Counted) -> None:
        place = self.stores.cold  # where chunks are stored first
        assert place is not None
        device_id, state = self.look.device_id, self.kept.state
        keys = self.look.keys() | {*self.look.expired.chunks}
        short = shortfall(counted, keys, self.look.sealed, self.lost)
        if list(missing_findings(device_id, short)):
            again = await look_at(self.stores, device_id)
            if again.counted is not None:
                keys = again.keys() | {*again.expired.chunks}
                short = shortfall(again.counted, keys, again.sealed, self.lost)
        for key, finding in missing_findings(device_id, short):
            self._accuse(place, key, finding)
        state.excess += max(0, -short.chunks) + counted.unknown(keys)
        if short.chunks == 0:
            state.spent += short.absent_numbers
            if self.whole and self._current.clean:
                for finding in totals_findings(counted, self._current.items, self._current.bytes):
                    self._accuse(place, f"{device_id}/", finding)

    async def _has_expired(self, key: str) -> bool:
        """Return whether a record names the chunk, also one that was made since the device was listed."""
        if key in self.look.expired.chunks:
            return True
        archive = self.stores.archive
        return archive is not None and key in (await expired_of(archive.store, self.look.device_id, ())).chunks

    async def _somewhere(self, key: str) -> bool:
        return any([await place.store.head(key) is not None for place in self.stores.tiers()])

    async def _until(self, settled: Callable[[], Awaitable[bool]]) -> bool:
        """Look again until the state is settled, or a running mover would have settled it."""
        for pause in PAUSES:
            if await settled():
                return True
            await self.sleep(pause)
        return await settled()
