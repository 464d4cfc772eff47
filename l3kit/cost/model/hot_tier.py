"""What the hot stores bill: DynamoDB on demand, Cosmos DB serverless, Firestore. Each method notes uses in a tally.

Sizes are bytes as the store bills them. All items of a workload have the same size, so rounding up per item is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from l3kit.billing import HotForm, Service
from l3kit.cost.model.arithmetic import Arithmetic, Number
from l3kit.cost.model.uses import Kind, Tally
from l3kit.errors import ConfigurationError
from l3kit.prices.price_book import Site
from l3kit.providers import billing_of

KB = 1024


class HotTier(Protocol):
    """One provider's way to bill a database of items.

    `looks`: how often a mover reads an item. DynamoDB's batches take no conditions, so a page is read again right
    before its deletes; the others delete by version (docs/journal.md).
    """

    @property
    def where(self) -> Service:
        """The service in the price book."""

    @property
    def looks(self) -> int: ...

    def write(
        self, tally: Tally, site: Site, items: Number, item_bytes: Number, what: str, kind: Kind = "list price"
    ) -> None:
        """Write whole items (also: replace them)."""

    def delete(self, tally: Tally, site: Site, items: Number, item_bytes: Number) -> None:
        """Delete items one by one or in batches; all three clouds bill each item."""

    def expire(self, tally: Tally, site: Site, items: Number, item_bytes: Number) -> None:
        """Let items expire (TTL)."""

    def scan(self, tally: Tally, site: Site, queries: Number, items: Number, item_bytes: Number, what: str) -> None:
        """Read `items` items in each of `queries` queries, strongly consistent."""


@dataclass(frozen=True)
class DynamoDB:
    """Writes: ceil(bytes / 1 KB) WRU per item. Reads: ceil(bytes / 4 KB) RRU per item or query, at least 1."""

    where: Service
    looks: int = 2

    def write(
        self, tally: Tally, site: Site, items: Number, item_bytes: Number, what: str, kind: Kind = "list price"
    ) -> None:
        tally.add(site, self.where, "write_unit", items * tally.ops.ceil(item_bytes / KB), what, kind)

    def delete(self, tally: Tally, site: Site, items: Number, item_bytes: Number) -> None:
        """A delete takes the units of a write of the item's size."""
        tally.add(site, self.where, "write_unit", items * tally.ops.ceil(item_bytes / KB), "delete moved items")

    def expire(self, tally: Tally, site: Site, items: Number, item_bytes: Number) -> None:
        tally.add(site, self.where, "ttl_delete", items * tally.ops.ceil(item_bytes / KB), "expire moved items")

    def scan(self, tally: Tally, site: Site, queries: Number, items: Number, item_bytes: Number, what: str) -> None:
        units = tally.ops.maximum(tally.ops.ceil(items * item_bytes / (4 * KB)), 1)
        tally.add(site, self.where, "read_unit", queries * units, what)


@dataclass(frozen=True)
class CosmosDB:
    """Request units: of a write by size, straight lines between the documented 1, 2, 4, 16 KB; of a read 1 per KB."""

    where: Service
    looks: int = 1

    def write(
        self, tally: Tally, site: Site, items: Number, item_bytes: Number, what: str, kind: Kind = "list price"
    ) -> None:
        units = items * self._write_units(tally.ops, site, item_bytes)
        tally.add(site, self.where, "request_unit", units, what, "estimated")

    def delete(self, tally: Tally, site: Site, items: Number, item_bytes: Number) -> None:
        units = items * self._delete_units(tally.ops, site, item_bytes)
        tally.add(site, self.where, "request_unit", units, "delete moved items", "estimated")

    def expire(self, tally: Tally, site: Site, items: Number, item_bytes: Number) -> None:
        units = items * self._delete_units(tally.ops, site, item_bytes)
        tally.add(site, self.where, "ttl_delete", units, "expire moved items", "estimated")

    def scan(self, tally: Tally, site: Site, queries: Number, items: Number, item_bytes: Number, what: str) -> None:
        per_kb = tally.ops.number(site.fact(*self.where, "ru_read_1kb"))
        units = tally.ops.maximum(items * item_bytes / KB, 1) * per_kb
        tally.add(site, self.where, "request_unit", queries * units, what, "estimated")

    def _write_units(self, ops: Arithmetic, site: Site, item_bytes: Number) -> Number:
        points = [(kb * KB, site.fact(*self.where, f"ru_write_{kb}kb")) for kb in (1, 2, 4, 16)]
        return ops.interpolate(item_bytes, points)

    def _delete_units(self, ops: Arithmetic, site: Site, item_bytes: Number) -> Number:
        """A delete of 1 KB is a figure of its own; larger ones grow as writes do."""
        ratio = site.fact(*self.where, "ru_delete_1kb") / site.fact(*self.where, "ru_write_1kb")
        return self._write_units(ops, site, item_bytes) * ops.number(ratio)


@dataclass(frozen=True)
class Firestore:
    """One operation per document, whatever its size."""

    where: Service
    looks: int = 1

    def write(
        self, tally: Tally, site: Site, items: Number, item_bytes: Number, what: str, kind: Kind = "list price"
    ) -> None:
        tally.add(site, self.where, "writes", items, what, kind)

    def delete(self, tally: Tally, site: Site, items: Number, item_bytes: Number) -> None:
        tally.add(site, self.where, "deletes", items, "delete moved items")

    def expire(self, tally: Tally, site: Site, items: Number, item_bytes: Number) -> None:
        tally.add(site, self.where, "ttl_delete", items, "expire moved items")

    def scan(self, tally: Tally, site: Site, queries: Number, items: Number, item_bytes: Number, what: str) -> None:
        tally.add(site, self.where, "reads", queries * tally.ops.maximum(items, 1), what)


_FORMS: Mapping[HotForm, Callable[[Service], HotTier]] = {
    "capacity units": DynamoDB,
    "request units": CosmosDB,
    "documents": Firestore,
}


def hot_tier(provider: str) -> HotTier:
    """How that cloud bills its database of items. Raises: ConfigurationError if it has no prices."""
    billing = billing_of(provider)
    return _FORMS[billing.hot_form](billing.hot)


def keep_items(tally: Tally, site: Site, items: Number, item_bytes: Number) -> None:
    """Storage of items for a month, with the store's overhead per item, and its backup where l3kit has one.

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
