"""Billing of the object stores: S3, Azure Blob, Cloud Storage, with each cloud's request classes and storage rules."""

from __future__ import annotations

from dataclasses import dataclass

from l3kit.cost.model.arithmetic import Arithmetic, Number
from l3kit.cost.model.uses import Kind, Tally
from l3kit.cost.model.workload import DAYS_PER_MONTH
from l3kit.prices.price_book import Site
from l3kit.providers import ObjectTier, Operation, billing_of


@dataclass(frozen=True, slots=True)
class Chunks:
    """Chunks of two sizes: full ones and each device's last. Numbers, and bytes as stored.

    A mean of fewer than one item per run is itself the number of `rest` chunks, each of one item.
    """

    full: Number
    full_bytes: Number
    rest: Number
    rest_bytes: Number

    @property
    def count(self) -> Number:
        return self.full + self.rest

    @property
    def bytes(self) -> Number:
        return self.full * self.full_bytes + self.rest * self.rest_bytes

    def picked(self, ops: Arithmetic, number: Number) -> Chunks:
        """Sample chunks weighted by their bytes, as item reads hit them; none if there are none."""
        whole = self.bytes
        share = ops.where(whole > 0, number / ops.where(whole > 0, whole, ops.number(1)), ops.number(0))
        full, rest = self.full * self.full_bytes * share, self.rest * self.rest_bytes * share
        return Chunks(full, self.full_bytes, rest, self.rest_bytes)

    def times(self, factor: Number) -> Chunks:
        """Multiply the number of chunks."""
        return Chunks(self.full * factor, self.full_bytes, self.rest * factor, self.rest_bytes)

    def resized(self, factor: Number) -> Chunks:
        """The same number of chunks, each `factor` times as large."""
        return Chunks(self.full, self.full_bytes * factor, self.rest, self.rest_bytes * factor)

    def at_least(self, ops: Arithmetic, least_bytes: Number) -> Number:
        """Total bytes with a minimum billable size per chunk."""
        full, rest = ops.maximum(self.full_bytes, least_bytes), ops.maximum(self.rest_bytes, least_bytes)
        return self.full * full + self.rest * rest


def request(
    tally: Tally,
    site: Site,
    tier: ObjectTier,
    operation: Operation,
    count: Number,
    what: str,
    kind: Kind = "list price",
) -> None:
    """Note requests of one kind."""
    rate = billing_of(site.provider).requests[operation]
    tally.add(site, billing_of(site.provider).objects[tier], rate, count, what, kind)


def retrieve(tally: Tally, site: Site, read_bytes: Number, what: str) -> None:
    """The fee per GB for reading from the cold tier, a server-side copy included."""
    tally.add(site, billing_of(site.provider).objects["cold"], "retrieval", read_bytes, what)


def keep_objects(tally: Tally, site: Site, tier: ObjectTier, chunks: Chunks, days: Number) -> None:
    """Storage of one month's objects over the days they stay; in a steady state that is a month's bill.

    GB-months = max(bytes, min_billable_object) * days / 30.4375 / bytes_per_gb, plus
    - where days < min_duration: the missing days at the same price (early deletion);
    - archive classes on AWS: per object overhead_archive (32 KB) at that price, overhead_standard (8 KB) at Standard's;
    - Cloud Storage: soft_delete days on top, while the bucket keeps deleted objects.
    """
    where, ops = billing_of(site.provider).objects[tier], tally.ops
    least = ops.number(site.fact(*where, "min_billable_object"))
    shortest = ops.number(site.fact(*where, "min_duration"))
    soft = ops.number(site.fact(*where, "soft_delete"))
    month = ops.number(DAYS_PER_MONTH)
    billed_days = ops.maximum(days, shortest)
    padding = chunks.at_least(ops, least) - chunks.bytes
    overhead = chunks.count * ops.number(site.fact(*where, "overhead_archive"))
    index = chunks.count * ops.number(site.fact(*where, "overhead_standard"))
    tally.add(site, where, "storage", chunks.bytes * days / month, "objects")
    tally.add(site, where, "storage", padding * days / month, "minimum object size")
    tally.add(site, where, "storage", overhead * billed_days / month, "overhead per object")
    standard = billing_of(site.provider).objects["staging"]
    tally.add(site, standard, "storage", index * billed_days / month, "index entry per object")
    early_deletion(tally, site, tier, chunks, days)
    tally.add(site, where, "storage", (chunks.bytes + padding) * soft / month, "kept after deletion")


def early_deletion(tally: Tally, site: Site, tier: ObjectTier, chunks: Chunks, days: Number) -> None:
    """Note the rest of the minimum storage time of objects that are deleted after this many days."""
    where, ops = billing_of(site.provider).objects[tier], tally.ops
    billed = chunks.at_least(ops, ops.number(site.fact(*where, "min_billable_object")))
    left = ops.maximum(days, ops.number(site.fact(*where, "min_duration"))) - days
    tally.add(site, where, "storage", billed * left / ops.number(DAYS_PER_MONTH), "early deletion")
