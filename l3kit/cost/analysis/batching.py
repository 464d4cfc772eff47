"""Savings by batching: the requests that stored the moved items against one object per reading, at book prices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from l3kit.cost.model.arithmetic import EXACT
from l3kit.cost.model.bill import Total, priced
from l3kit.cost.model.object_tier import request
from l3kit.cost.model.uses import Tally, Use, sites_of
from l3kit.notebook.tables import Displayable, Sheet, Table
from l3kit.operate.movers import MoverRun
from l3kit.prices.price_book import PriceBook, Site, load_prices
from l3kit.prices.price_file import Provider
from l3kit.providers import ObjectTier, Operation
from l3kit.tiering.counts import count_of
from l3kit.twin.layout import Layout

if TYPE_CHECKING:
    from l3kit.twin.config import Twin

_WORDS: Mapping[str, tuple[str, Operation]] = {
    "put": ("PUT", "put"),
    "copy": ("copy", "copy"),
    "post": ("POST", "put"),
}
"""Requests that store an object in a tier: their usual name, and their price on the tier's cloud.

A POST goes to the writer there, which puts the object.
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """Requests that wrote objects into one tier's store, over all runs of a mover.

    Attributes:
        items: readings moved there.
        counts: requests by kind: `put`, `copy`, `post`.
        by_one, as_moved: USD for one object per reading, and for the requests that were made.
    """

    tier: ObjectTier
    provider: Provider
    items: int
    counts: Mapping[str, int]
    by_one: Total
    as_moved: Total

    @property
    def requests(self) -> int:
        return sum(self.counts.values())

    def in_words(self) -> str:
        """The requests in words: `36 PUTs`."""
        return " and ".join(count_of(count, *_noun(kind)) for kind, count in self.counts.items()) or "no request"


@dataclass(frozen=True, slots=True, repr=False)
class BatchingGain(Displayable):
    """Requests that stored chunks, compared with one per reading. `tiers`: cold, then archive."""

    tiers: tuple[Stored, ...]

    def summary(self) -> str:
        """One line for people, about the first tier that any item reached."""
        for stored in self.tiers:
            if stored.items and stored.requests:
                reached = f"{count_of(stored.items, 'reading')} reached the {stored.tier} tier in {stored.in_words()}"
                times = _times(stored.items, stored.requests)
                return f"{reached}; one object a reading would have been {stored.items:,}: {times} times as many."
        return "No chunk was stored, so there is nothing to compare."

    def sheet(self) -> Sheet:
        """A row per tier, and both together."""
        rows = [
            (
                f"{stored.tier} ({stored.provider})",
                f"{stored.items:,}",
                stored.in_words(),
                _times(stored.items, stored.requests),
                str(stored.by_one),
                str(stored.as_moved),
            )
            for stored in self.tiers
        ]
        items, requests = sum(s.items for s in self.tiers), sum(s.requests for s in self.tiers)
        by_one, as_moved = _sum([s.by_one for s in self.tiers]), _sum([s.as_moved for s in self.tiers])
        rows.append(
            ("together", f"{items:,}", count_of(requests, "request"), _times(items, requests), by_one, as_moved)
        )
        head = ("into the tier", "one by one", "as moved", "times as many", "USD one by one", "USD as moved")
        compared = Table(head, tuple(rows), numeric=frozenset(head[1:]), strong=frozenset({len(rows) - 1}))
        return Sheet(self.summary(), (compared,), ("List prices of the requests alone, whatever their size.",))


def batching_gain(
    runs: Iterable[tuple[datetime, MoverRun, MoverRun]],
    twin: Twin,
    *,
    book: PriceBook | None = None,
    regions: Mapping[Provider, str] | None = None,
) -> BatchingGain:
    """Return the requests and USD that the chunks of these runs saved.

    Args:
        runs: as from `OpenTwin.replay`: a time, the hot-to-cold run, the cold-to-archive run.
        book: prices; None uses l3kit's own.
        regions: regions of the tiers' clouds; a cloud that is not named is in its default region.
    Raises: ConfigurationError for a region without prices.
    """
    layout = Layout.parse(str(twin.layout))
    sites = sites_of(load_prices() if book is None else book, layout, regions)
    made = list(runs)
    hot_runs, cold_runs = [hot for _, hot, _ in made], [cold for _, _, cold in made]
    return BatchingGain((_stored(hot_runs, sites.cold, "cold"), _stored(cold_runs, sites.archive, "archive")))


def _stored(runs: Sequence[MoverRun], site: Site, tier: ObjectTier) -> Stored:
    items = sum(run.total("items") for run in runs)
    asked = {kind: sum(_asked(run, f"target.{kind}") for run in runs) for kind in _WORDS}
    counts = {kind: count for kind, count in asked.items() if count}
    by_one: dict[str, int] = dict.fromkeys(list(counts)[:1], items)
    return Stored(tier, site.provider, items, counts, _price(by_one, site, tier), _price(counts, site, tier))


def _asked(run: MoverRun, kind: str) -> int:
    return sum(int(report["requests"].get(kind, 0)) for report in run.reports)


def _price(counts: Mapping[str, int], site: Site, tier: ObjectTier) -> Total:
    uses: list[Use] = []
    tally = Tally(EXACT, "hot to cold" if tier == "cold" else "cold to archive", Decimal(1), uses.append)
    for kind, count in counts.items():
        _, operation = _WORDS[kind]
        request(tally, site, tier, operation, Decimal(count), f"{kind} into {tier}", "measured")
    return priced(uses, "batching").total


def _noun(kind: str) -> tuple[str, str]:
    word, _ = _WORDS[kind]
    return word, "copies" if kind == "copy" else f"{word}s"


def _times(items: int, requests: int) -> str:
    if not requests:
        return "-"
    return f"{items / requests:,.0f}" if items >= 10 * requests else f"{items / requests:,.1f}"


def _sum(totals: Sequence[Total]) -> str:
    return str(Total(sum((t.known for t in totals), Decimal(0)), sum(t.unknown for t in totals)))
