"""Checks of the hot tier's contents: whether keys are movable times, and whether all devices are listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from l3kit.clouds.ports.checks import Check
from l3kit.notebook.gaps import unreached
from l3kit.operate.coroutines import run
from l3kit.operate.hot_census import Budget, DeviceCensus, Unlisted, sample_device, unlisted_devices
from l3kit.operate.inventory import notes_on, refused_items
from l3kit.operate.tier_stores import open_tiers
from l3kit.tiering.counts import count_of
from l3kit.tiering.format.item_times import MOVABLE_FORM, moment_of, why_unmovable
from l3kit.tiering.ports import HotStore

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin.config import Twin

EVERYWHERE = "l3kit.open(folder).tiers() counts everything"


@dataclass(frozen=True, slots=True)
class Limits:
    """Read limits of a check.

    Attributes:
        bytes: maximum of items' JSON, over all devices; each has an equal share, but at least `least_bytes`.
        devices: maximum number of devices read; each costs at least one request.
        listings: maximum number of requests that search for unlisted devices.
    """

    bytes: int = 64 * 1024 * 1024
    least_bytes: int = 128 * 1024
    devices: int = 500
    listings: int = 1_000


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class ItemChecks:
    """Checks, with notes for the reader."""

    checks: tuple[Check, ...]
    notes: tuple[str, ...]


def item_checks(session: Session, twin: Twin, now: datetime) -> ItemChecks:
    """Check a bounded part of the hot tier; a note says where reading stopped.

    Args:
        now: readings later than this are in the future.
    Raises: StoreError if the hot tier cannot be read.
    """
    return run(_item_checks(session, twin, moment_of(now)))


async def _item_checks(session: Session, twin: Twin, now: int) -> ItemChecks:
    async with open_tiers(session, twin) as stores:
        if stores.hot is None:
            return unreached_checks(twin.layout.hot)
        return await check_items(stores.hot, [device.id for device in twin.devices], now)


def unreached_checks(cloud: str) -> ItemChecks:
    """Return the note for a hot tier on a cloud that this session does not reach."""
    gap = unreached("hot", cloud)
    return ItemChecks((Check("items", gap.what, "can be read", gap.reason, False, gap.remedy),), ())


async def check_items(hot: HotStore, listed: Sequence[str], now: int, limits: Limits = LIMITS) -> ItemChecks:
    """Check an open hot tier. `now` is in nanoseconds since 1970. Raises: StoreError."""
    sampled = listed[: limits.devices]
    share = max(limits.least_bytes, limits.bytes // len(sampled))
    counted = [await sample_device(hot, one, now, Budget(bytes=share)) for one in sampled]
    unlisted = await unlisted_devices(hot, listed, Budget(requests=limits.listings))
    refused = [gap.summary() for gap in refused_items(counted)]
    notes = [*notes_on(counted, unlisted.device_ids), *refused, *_bounds(counted, len(listed), unlisted)]
    return ItemChecks((form_check(counted), _listed_check(unlisted)), tuple(notes))


def form_check(counted: Sequence[DeviceCensus]) -> Check:
    """Check that all keys have a movable form; if not, list the forms found and the remedy."""
    forms: Counter[str] = Counter()
    for census in counted:
        forms.update(census.forms)
    odd = {form: count for form, count in forms.items() if form != MOVABLE_FORM}
    if not odd:
        return Check("items", "keys in the hot tier", MOVABLE_FORM, MOVABLE_FORM if forms else "no item", True)
    seen = ", ".join(f"{form} ({count:,})" for form, count in sorted(forms.items(), key=lambda one: -one[1]))
    verdict = "nothing would ever be moved" if MOVABLE_FORM not in forms else f"{sum(odd.values()):,} never move"
    example = next(key for census in counted for key in census.unmovable)
    hint = f"{example}: {why_unmovable(example)}. docs/reference/items.md says how to convert them"
    return Check("items", "keys in the hot tier", MOVABLE_FORM, f"{seen}: {verdict}", False, hint)


def _listed_check(unlisted: Unlisted) -> Check:
    """Report unlisted devices without failing: data of a retired device stay in the hot tier."""
    seen = f"{len(unlisted.device_ids):,} not listed" if unlisted.device_ids else "all listed"
    if unlisted.gap:
        return Check(
            "items", "devices in the hot tier", "can be looked for", unlisted.gap.reason, False, unlisted.gap.remedy
        )
    return Check("items", "devices in the hot tier", "all listed", seen, True)


def _bounds(counted: Sequence[DeviceCensus], listed: int, unlisted: Unlisted) -> list[str]:
    notes = []
    cut = [census for census in counted if not census.whole]
    if cut:
        items = sum(census.items for census in cut)
        looked = count_of(items, "hot item was", "hot items were")
        notes.append(f"Of {count_of(len(cut), 'device')} {looked} checked, not all: {EVERYWHERE}")
    if listed > len(counted):
        notes.append(f"The hot items of {len(counted):,} of {listed:,} devices were checked: {EVERYWHERE}")
    if not unlisted.whole:
        notes.append(f"Devices that the twin does not list were looked for in a part of the hot tier: {EVERYWHERE}")
    return notes
