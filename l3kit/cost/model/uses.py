"""Billable usage: quantities, the figures that price them, and the part of the bill they belong to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from l3kit.cost.model.arithmetic import Arithmetic, Number
from l3kit.errors import ConfigurationError
from l3kit.prices.price_book import PriceBook, Site, default_regions
from l3kit.prices.price_file import Figure, Provider
from l3kit.providers import priced_names
from l3kit.twin.layout import Layout

Kind = Literal["measured", "estimated", "list price"]
"""`measured`: counted by a real run. `estimated`: rests on an assumption that docs/reference/cost.md names.
`list price`: the quantity follows from the workload by the provider's billing rule."""
Part = Literal[
    "ingest", "hot storage", "hot to cold", "cold storage", "cold to archive", "archive storage", "reads", "schedules"
]
PARTS: tuple[Part, ...] = (
    "ingest",
    "hot storage",
    "hot to cold",
    "cold storage",
    "cold to archive",
    "archive storage",
    "reads",
    "schedules",
)


@dataclass(frozen=True, slots=True)
class Use:
    """One billable use.

    Attributes:
        part: the part of the bill it belongs to.
        item: description.
        figure: its price.
        quantity: in the measure of the price's unit (bytes, requests, WRU, ...); NaN if unknown.
        kind: origin of the quantity.
        allowance: the figure of its monthly allowance, if any.
    """

    part: Part
    item: str
    figure: Figure
    quantity: Number
    kind: Kind = "list price"
    allowance: Figure | None = None


@dataclass(frozen=True, slots=True)
class Sites:
    """A layout's clouds with their regions, all in one price book."""

    book: PriceBook
    layout: Layout
    regions: Mapping[Provider, str]

    @property
    def hot(self) -> Site:
        return Site(self.book, self.layout.hot, self.regions[self.layout.hot])

    @property
    def cold(self) -> Site:
        return Site(self.book, self.layout.cold, self.regions[self.layout.cold])

    @property
    def archive(self) -> Site:
        return Site(self.book, self.layout.archive, self.regions[self.layout.archive])


def sites_of(book: PriceBook, layout: Layout, regions: Mapping[Provider, str] | None = None) -> Sites:
    """The layout in these regions; a cloud that is not named is in its default region.

    Raises: ConfigurationError for an unknown provider or a region without prices.
    """
    chosen: dict[Provider, str] = {**default_regions(), **(regions or {})}
    for provider in chosen:
        if provider not in (known := priced_names()):
            raise ConfigurationError("regions", f"{provider!r} is not a provider", f"Allowed: {', '.join(known)}")
    for provider in dict.fromkeys((layout.hot, layout.cold, layout.archive)):
        book.check_region(provider, chosen[provider])
    return Sites(book, layout, chosen)


@dataclass(frozen=True, slots=True)
class Tally:
    """Collects the uses of one part of the bill.

    Attributes:
        times: how often the part happens in the time billed; every quantity is multiplied by it.
    """

    ops: Arithmetic
    part: Part
    times: Number
    add_use: Callable[[Use], None]

    def add(
        self, site: Site, where: tuple[str, str], rate: str, quantity: Number, item: str, kind: Kind = "list price"
    ) -> None:
        """Note a use of `rate` at service and tier `where`. Raises: ConfigurationError if there is no such price."""
        service, tier = where
        figure = site.figure(service, tier, rate)
        allowance = site.book.find(site.provider, site.region, service, tier, f"free_{rate}")
        self.add_use(Use(self.part, item, figure, quantity * self.times, kind, allowance))
