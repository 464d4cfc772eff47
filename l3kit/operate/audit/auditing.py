"""`audit`: every object of the cold and archive tiers against its metadata and the journal."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from l3kit.errors import L3Error, StoreError
from l3kit.given_values import first_and_nearest
from l3kit.notebook.progress import DONE, Silent
from l3kit.operate.audit.device import DeviceAudit, Sleep
from l3kit.operate.audit.doubles import span_of
from l3kit.operate.audit.in_order import Job, in_order
from l3kit.operate.audit.kept import Kept, State
from l3kit.operate.audit.look import AuditedStores, AuditedTier, Listed, Look, chunk_key, look_at
from l3kit.operate.audit.objects import ObjectCheck, Outcome
from l3kit.operate.audit.report import AuditReport, report_of
from l3kit.operate.audit.settings import AuditOptions, Sample, Settings, checked
from l3kit.operate.audit.survey import survey, unreached_gap
from l3kit.operate.coroutines import run
from l3kit.operate.load.progress_file import digest_of, held
from l3kit.operate.tier_stores import TierStores, open_tiers
from l3kit.tiering.counts import count_of

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin.config import Twin

OBJECTS_AT_ONCE = 12
LOOKS_AT_ONCE = 8
MAX_FAILED = 5
"""Consecutive unreadable objects after which the store counts as down."""
BUSY = ("another audit of this twin with these options is running", "Wait for it to end; both would list the same")
T = TypeVar("T")


class AuditStoppedError(L3Error):
    """An audit stopped before its end; the same command continues it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an audit: a checked object, or the end of a device.

    Attributes:
        outcome: None at the end of the device.
        again: whether the interrupted audit had checked the object.
    """

    look: Look
    outcome: Outcome | None = None
    again: bool = False


def audit(
    session: Session,
    twin: Twin,
    options: AuditOptions,
    *,
    shows: Silent | None = None,
    sleep: Sleep = asyncio.sleep,
    new_seed: Callable[[], str] = lambda: secrets.token_hex(4),
) -> AuditReport:
    """Audit the tiers of a twin, as `OpenTwin.audit` does.

    Args:
        sleep: waits for a running mover.
        new_seed: makes the seed of a sample if none is given.
    Raises: ConfigurationError before anything is read; StoreError; AuditStoppedError once something is done.
    """
    settings = checked(options)
    folder = settings.out or (session.sandbox_home or twin.path / ".l3kit") / "audits"

    async def go() -> AuditReport:
        async with open_tiers(session, twin) as tiers:
            return await audit_tiers(tiers, twin, settings, _place(session, folder), shows, sleep, new_seed)

    return run(go())


@dataclass(frozen=True, slots=True)
class Place:
    """Return where the progress is kept, with an identity of the audited stores."""

    folder: Path
    target: str


def _place(session: Session, folder: Path) -> Place:
    return Place(folder, f"{session.target} {session.sandbox_home}")


async def audit_tiers(
    tiers: TierStores,
    twin: Twin,
    settings: Settings,
    place: Place,
    shows: Silent | None = None,
    sleep: Sleep = asyncio.sleep,
    new_seed: Callable[[], str] = lambda: secrets.token_hex(4),
    clock: Callable[[], float] = time.monotonic,
) -> AuditReport:
    """Audit open stores. Raises: as `audit` does."""
    digest = digest_of(twin.name, place.target, settings.sample, settings.seed, settings.device, settings.restore)
    name = f"{twin.name}-{digest[:8]}"
    fresh = State(audit=digest, begun=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", seed=settings.seed or new_seed())
    place.folder.mkdir(parents=True, exist_ok=True)
    with held(place.folder / name, BUSY):
        kept = Kept(place.folder, name, fresh, restart=settings.restart, clock=clock)
        with contextlib.closing(kept), _noting_early_end(kept):
            auditing = Auditing(_stores(tiers, twin), twin, settings, kept, shows or Silent(), sleep)
            await auditing.work()
            kept.save()
            report = report_of(twin, settings, kept)
            kept.end()
    return report


def _stores(tiers: TierStores, twin: Twin) -> AuditedStores:
    cold = None if tiers.cold is None else AuditedTier("cold", twin.layout.cold, tiers.cold)
    archive = None if tiers.archive is None else AuditedTier("archive", twin.layout.archive, tiers.archive)
    return AuditedStores(tiers.journal, cold, archive)


@contextlib.contextmanager
def _noting_early_end(kept: Kept) -> Iterator[None]:
    """Add what is done to the error or interruption that ends an audit."""
    try:
        yield
    except BaseException as error:
        done = sum(counts.objects for counts in kept.state.tiers.values())
        so_far = f"{count_of(done, 'object')} of {kept.state.chunks:,} checked; the same command continues there"
        if not done:
            raise
        if isinstance(error, L3Error):
            raise AuditStoppedError(error.resource, error.cause, f"{error.remedy}. {so_far}".lstrip(". ")) from error
        error.add_note(so_far)
        raise


class Auditing:
    """One audit."""

    def __init__(
        self, stores: AuditedStores, twin: Twin, settings: Settings, kept: Kept, shows: Silent, sleep: Sleep
    ) -> None:
        self._stores = stores
        self._twin = twin
        self._settings = settings
        self._kept = kept
        self._shows = shows
        self._sleep = sleep
        self._sample = Sample(settings.sample, kept.state.seed)
        self._check = ObjectCheck(restore=settings.restore, archive=stores.archive)
        self._failed = 0
        self._erasing: set[str] = set()

    async def work(self) -> None:
        """Survey the tiers, then check each device. Raises: StoreError."""
        devices = await self._surveyed()
        state = self._kept.state
        show = self._shows.sizes("audit", state.chunks, " objects")
        device: DeviceAudit | None = None
        async with contextlib.aclosing(in_order(self._jobs(devices), OBJECTS_AT_ONCE)) as steps:
            async for step in steps:
                if device is None or device.look is not step.look:
                    whole = self._settings.sample >= 1
                    erasing = step.look.device_id in self._erasing
                    device = DeviceAudit(step.look, self._stores, self._kept, whole, self._sleep, erasing=erasing)
                    device.begin()
                if step.outcome is None:
                    await device.end()
                elif step.again:
                    device.take_again(step.outcome)
                else:
                    self._count_failed(step.outcome)
                    device.take(step.outcome)
                    show(1, f"{step.look.device_id}, {count_of(state.faults, 'fault')}")
                if not self._failed:  # a store that turns out to be down is asked for the same objects again
                    self._kept.save_now_and_then()
        show(0, "")

    async def _surveyed(self) -> Sequence[str]:
        """The remaining devices, in order."""
        state, device = self._kept.state, self._settings.device
        steps = self._shows.steps("audit")
        steps("listing the objects")
        accuse = (lambda fault: None) if state.surveyed else self._kept.add_fault
        found = await survey(self._stores, device, self._sample, accuse)
        steps(DONE)
        self._erasing = found.erasing
        if device:
            self._check_known(device, found.devices)
        if not state.surveyed:
            self._tell_unreached()
            state.surveyed, state.chunks, state.own = True, found.sampled, found.own
            self._kept.save()
        return sorted(one for one in found.devices if one > state.last_device)

    def _check_known(self, device: str, found: set[str]) -> None:
        known = [one.id for one in self._twin.devices]
        if device not in found and device not in known:
            cause = f"is not one of {self._twin.name}'s, and neither its tiers nor its journal know it"
            raise L3Error(f"device {device}", cause, f"Devices: {first_and_nearest(device, known)}")

    def _tell_unreached(self) -> None:
        layout = self._twin.layout
        for tier, there in (("cold", self._stores.cold), ("archive", self._stores.archive)):
            if there is None:
                self._kept.add_gap(unreached_gap(tier, layout.tier(tier), f"the {tier} tier"))
        if self._stores.journal is None:
            self._kept.add_gap(unreached_gap("hot", layout.hot, "the journal"))

    def _count_failed(self, outcome: Outcome) -> None:
        """Count consecutive unreadable objects. Raises: StoreError if there are too many."""
        self._failed = self._failed + 1 if outcome.state == "failed" else 0
        if self._failed >= MAX_FAILED and outcome.error is not None:
            error = outcome.error
            cause = f"{MAX_FAILED} objects in a row could not be read: {error.cause}"
            raise StoreError(error.resource, cause, error.remedy)

    async def _jobs(self, devices: Sequence[str]) -> AsyncIterator[Job[Step]]:
        looks = in_order(_each([partial(look_at, self._stores, one) for one in devices]), LOOKS_AT_ONCE)
        async with contextlib.aclosing(looks):
            async for look in looks:
                for one, again in self._chosen(look):
                    yield partial(self._checked, look, one, again)
                yield partial(_ended, look)

    def _chosen(self, look: Look) -> Iterator[tuple[Listed, bool]]:
        """The remaining objects of a device, and those that must be read again to find doubles."""
        chosen = [one for one in look.objects if self._sample.takes(one.info.key)]
        done = self._done(look, chosen)
        low = chosen[done].span.low if done < len(chosen) else float("inf")
        for number, one in enumerate(chosen):
            if number >= done:
                yield one, False
            elif one.crowded and one.span.high >= low:
                yield one, True

    def _done(self, look: Look, chosen: Sequence[Listed]) -> int:
        """Return the number of objects that an interrupted audit had checked; some may be in the other tier now."""
        current = self._kept.state.current
        if current is None or current.device != look.device_id or current.place is None:
            return 0
        key, tier = current.place
        parsed = chunk_key(key)
        assert parsed is not None
        return bisect_right([one.order for one in chosen], (span_of(parsed).low, key, tier))

    async def _checked(self, look: Look, one: Listed, again: bool) -> Step:
        return Step(look, await self._check.check(one), again)


async def _ended(look: Look) -> Step:
    return Step(look)


async def _each(jobs: Sequence[Job[T]]) -> AsyncIterator[Job[T]]:
    for job in jobs:
        yield job
