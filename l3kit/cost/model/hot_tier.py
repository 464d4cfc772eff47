"""Billing of the hot stores: DynamoDB on demand, Cosmos DB serverless, Firestore.

Sizes are bytes as the store bills them. All items of a workload have the same size, so rounding up per item is exact.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from l3kit.cost.model.arithmetic import Arithmetic, Number
from l3kit.cost.model.uses import Kind, Tally
from l3kit.errors import ConfigurationError
from l3kit.prices.price_book import Site
from l3kit.providers import HotForm, Service, billing_of

KB = 1024
PAGE_BYTES = 2**20
"""Size of a page of the hot store (DynamoDB's limit; l3kit reads pages of this size on all clouds)."""


@dataclass(frozen=True)
class HotTier(ABC):
    """One provider's billing of a database of items: units of a write, a delete and a read.

    Attributes:
        where: the service in the price book.
        rates: names of the rates of writes, deletes and reads.
        estimated: whether its units are an estimate.
    """

    where: Service
    rates: ClassVar[tuple[str, str, str]]
    estimated: ClassVar[bool] = False

    @abstractmethod
    def write_units(self, ops: Arithmetic, site: Site, item_bytes: Number) -> Number:
        """Units of one write."""

    @abstractmethod
    def read_units(self, ops: Arithmetic, site: Site, items: Number, item_bytes: Number) -> Number:
        """Units of one strongly consistent query of this many items, in as many pages as they take."""

    def delete_units(self, ops: Arithmetic, site: Site, item_bytes: Number) -> Number:
        """Units of one delete, by the mover or by expiry."""
        return self.write_units(ops, site, item_bytes)

    def write(
        self, tally: Tally, site: Site, items: Number, item_bytes: Number, what: str, kind: Kind = "list price"
    ) -> None:
        """Write whole items (also: replace them)."""
        self._add(tally, site, self.rates[0], items * self.write_units(tally.ops, site, item_bytes), what, kind)

    def delete(self, tally: Tally, site: Site, items: Number, item_bytes: Number) -> None:
        """Delete items one by one or in batches, with or without conditions; all three clouds bill each item."""
        units = items * self.delete_units(tally.ops, site, item_bytes)
        self._add(tally, site, self.rates[1], units, "delete moved items")

    def expire(self, tally: Tally, site: Site, items: Number, item_bytes: Number) -> None:
        """Let items expire (TTL)."""
        units = items * self.delete_units(tally.ops, site, item_bytes)
        self._add(tally, site, "ttl_delete", units, "expire moved items")

    def scan(self, tally: Tally, site: Site, queries: Number, items: Number, item_bytes: Number, what: str) -> None:
        """Read `items` items in each of `queries` queries, strongly consistent."""
        units = queries * self.read_units(tally.ops, site, items, item_bytes)
        self._add(tally, site, self.rates[2], units, what)

    def _add(self, tally: Tally, site: Site, rate: str, units: Number, what: str, kind: Kind = "list price") -> None:
        tally.add(site, self.where, rate, units, what, "estimated" if self.estimated else kind)


class DynamoDB(HotTier):
    """Writes: ceil(bytes / 1 KB) WRU per item. Reads: ceil(bytes / 4 KB) RRU per page, at least 1.

    A conditional delete takes the write units of the item it finds, whether or not the condition holds; neither the
    condition nor the returned item takes read units.

    Source: "DynamoDB read and write operations" in the DynamoDB developer guide.
    """

    rates = ("write_unit", "write_unit", "read_unit")

    def write_units(self, ops: Arithmetic, site: Site, item_bytes: Number) -> Number:
        return ops.ceil(item_bytes / KB)

    def read_units(self, ops: Arithmetic, site: Site, items: Number, item_bytes: Number) -> Number:
        in_page = ops.maximum(ops.ceil(PAGE_BYTES / item_bytes), 1)  # a page ends with the item that exceeds it
        pages = ops.floor(items / in_page)
        rest = items - pages * in_page
        units = pages * ops.ceil(in_page * item_bytes / (4 * KB)) + ops.ceil(rest * item_bytes / (4 * KB))
        return ops.maximum(units, 1)


class CosmosDB(HotTier):
    """Request units: a write's by size, interpolated between the documented 1, 2, 4, 16 KB; a read's 1 per KB."""

    rates = ("request_unit", "request_unit", "request_unit")
    estimated = True

    def write_units(self, ops: Arithmetic, site: Site, item_bytes: Number) -> Number:
        points = [(kb * KB, site.fact(*self.where, f"ru_write_{kb}kb")) for kb in (1, 2, 4, 16)]
        return ops.interpolate(item_bytes, points)

    def delete_units(self, ops: Arithmetic, site: Site, item_bytes: Number) -> Number:
        """A delete of 1 KB has its own figure; larger ones scale as writes do."""
        ratio = site.fact(*self.where, "ru_delete_1kb") / site.fact(*self.where, "ru_write_1kb")
        return self.write_units(ops, site, item_bytes) * ops.number(ratio)

    def read_units(self, ops: Arithmetic, site: Site, items: Number, item_bytes: Number) -> Number:
        return ops.maximum(items * item_bytes / KB, 1) * ops.number(site.fact(*self.where, "ru_read_1kb"))


class Firestore(HotTier):
    """One operation per document, regardless of its size."""

    rates = ("writes", "deletes", "reads")

    def write_units(self, ops: Arithmetic, site: Site, item_bytes: Number) -> Number:
        return 1

    def read_units(self, ops: Arithmetic, site: Site, items: Number, item_bytes: Number) -> Number:
        return ops.maximum(items, 1)


_FORMS: Mapping[HotForm, Callable[[Service], HotTier]] = {
    "capacity units": DynamoDB,
    "request units": CosmosDB,
    "documents": Firestore,
}


def hot_tier(provider: str) -> HotTier:
    """Return the billing of the cloud's database of items. Raises: ConfigurationError if it has no prices."""
    billing = billing_of(provider)
    return _FORMS[billing.hot_form](billing.hot)


def keep_items(tally: Tally, site: Site, items: Number, item_bytes: Number) -> None:
    """Storage of items for a month, with the store's overhead per item, and its backup if l3kit has one.

    GB-months = items * (item_bytes + item_overhead) / bytes_per_gb.
    """
    tier = hot_tier(site.provider)
    overhead = tally.ops.number(site.fact(*tier.where, "item_overhead"))
    tally.add(site, tier.where, "storage", items * item_bytes, "items")
    tally.add(site, tier.where, "storage", items * overhead, "overhead per item", "estimated")
    try:
        tally.add(site, tier.where, "backup", items * (item_bytes + overhead), "point-in-time recovery", "estimated")
    except ConfigurationError:
        return  # a store without a backup price: l3kit switches none on there
