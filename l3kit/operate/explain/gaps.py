"""Gaps of a device's page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from l3kit.notebook.gaps import Gap, unreached, unwritable
from l3kit.operate.expired import unread_record
from l3kit.tiering.counts import MAX_NAMED, count_of

if TYPE_CHECKING:
    from l3kit.operate.explain.facts import DeviceFacts


def gaps_of(facts: DeviceFacts) -> tuple[Gap, ...]:
    """List tiers not reached and items and objects not read or counted, from hot to archive."""
    return (*_unreached(facts), *_hot(facts), *_objects(facts))


def _unreached(facts: DeviceFacts) -> Iterator[Gap]:
    for place in facts.places:
        if not place.store:
            yield unreached(place.tier, place.cloud)


def _hot(facts: DeviceFacts) -> Iterator[Gap]:
    hot = facts.hot
    if hot is None:
        return
    if not hot.complete:
        what = f"hot items behind the first {len(hot.sort_keys):,}"
        yield Gap(
            "hot", what, "were not read: there are too many for one page", "l3kit.open(folder).tiers() counts them all"
        )
    if hot.refused:
        yield unwritable(len(hot.refused), hot.refused[0])


def _objects(facts: DeviceFacts) -> Iterator[Gap]:
    for tier, chunks in (("cold", facts.cold), ("archive", facts.archive)):
        if silent := [chunk for chunk in chunks or () if chunk.items is None]:
            what = f"the items of {count_of(len(silent), f'{tier} chunk')}"
            yield Gap(tier, what, f"are not counted; the first is {silent[0].key}", "Query the device to count them")
    for key in facts.expired.unread:
        yield unread_record(key)
    for key in facts.erased.unread:
        what = "cannot be read, so what was erased by it is not known"
        yield Gap("archive", f"record {key}", what, "Find out who changed it")
    for tier, key in facts.foreign[:MAX_NAMED]:
        yield Gap(
            tier, f"{tier} object {key}", "is not the key of a chunk", "Find out who wrote it, and move it elsewhere"
        )
    if (more := len(facts.foreign) - MAX_NAMED) > 0:
        yield Gap("", count_of(more, "more object"), "are not the keys of chunks", "Move them elsewhere")
