"""A validated workload, and the layouts that it may be priced on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal, InvalidOperation
from itertools import product
from typing import Any

from l3kit.errors import ConfigurationError
from l3kit.given_values import check_known
from l3kit.providers import priced_names
from l3kit.tiering.settings.tuning import MAX_CHUNK_BYTES
from l3kit.twin.layout import Layout

DAYS_PER_MONTH = Decimal("30.4375")
"""365.25 / 12."""


def all_layouts() -> tuple[Layout, ...]:
    """Return every layout on clouds that have prices: 27 on l3kit's own."""
    return tuple(Layout(*clouds) for clouds in product(priced_names(), repeat=3))


@dataclass(frozen=True, slots=True)
class Workload:
    """The data to store, their retention, moves and reads. Numbers are Decimal or integers.

    Attributes:
        devices: devices that send items.
        items_per_device_per_day: mean over the month.
        item_bytes: size of one item's JSON in a chunk.
        hot_item_bytes: billed size of one item in the hot store; 0 takes `item_bytes`.
        hot_days, cold_days, archive_days: days an item stays in each tier. config.json counts cold from the item's
            birth: its `cold_storage_size_in_days` is `hot_days + cold_days` here.
        days_between_runs: days between two runs of each mover.
        chunk_bytes: the largest chunk, uncompressed. l3kit itself stops at 5 MiB; the model does not.
        page_by_page: cut a chunk at each page of the hot store (1 MiB there), as naive movers do.
        at_rest_ratio: stored bytes / chunk bytes; 1 is uncompressed. `compression.measure` measures it.
        wire_ratio: bytes sent to another cloud / chunk bytes; movers send gzip.
        ttl_deletes: moved items are removed by the store's expiry instead of by the mover.
        hot_reads_per_device_per_day: single items read from the hot store.
        cold_read_share, archive_read_share: share of the stored data that is read in a month, 0 to 100.
        cold_lookups_per_month, archive_lookups_per_month: single items looked up there; each reads a whole chunk.
        bulk_restores: archives are restored slowly and cheaply, if the cloud offers that.
        restore_days: days a restored copy is kept.
        reads_leave_cloud: whether read data leave for the internet.
        alarms: whether alarms watch the movers, on clouds that offer them.
        free_tiers: subtract the monthly allowances; a list price has none.
    """

    devices: Decimal
    items_per_device_per_day: Decimal
    item_bytes: Decimal
    hot_days: Decimal
    cold_days: Decimal
    archive_days: Decimal
    hot_item_bytes: Decimal = Decimal(0)
    days_between_runs: Decimal = Decimal(1)
    chunk_bytes: Decimal = Decimal(MAX_CHUNK_BYTES)
    page_by_page: bool = False
    at_rest_ratio: Decimal = Decimal(1)
    wire_ratio: Decimal = Decimal(1)
    ttl_deletes: bool = False
    hot_reads_per_device_per_day: Decimal = Decimal(0)
    cold_read_share: Decimal = Decimal(0)
    archive_read_share: Decimal = Decimal(0)
    cold_lookups_per_month: Decimal = Decimal(0)
    archive_lookups_per_month: Decimal = Decimal(0)
    bulk_restores: bool = False
    restore_days: Decimal = Decimal(1)
    reads_leave_cloud: bool = False
    alarms: bool = False
    free_tiers: bool = False

    def __post_init__(self) -> None:
        problems = []
        for name, (low, high, whole) in RANGES.items():
            value = getattr(self, name)
            number = as_number(value)
            if number is None or not low <= number <= high or (whole and number % 1):
                kind = "a whole number" if whole else "a number"
                problems.append(f"{name} = {value!r} is not allowed; allowed: {kind} from {low:,f} to {high:,f}")
            else:
                object.__setattr__(self, name, number)
        for name in FLAGS:
            if not isinstance(getattr(self, name), bool):
                problems.append(f"{name} = {getattr(self, name)!r} is not allowed; allowed: true, false")
        if problems:
            raise ConfigurationError("workload", "; ".join(problems))

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Workload:
        """Build a workload from names and plain values, such as a parameter file's.

        Raises: ConfigurationError naming each unknown, missing or wrong value and what is allowed.
        """
        names = [field.name for field in fields(cls)]
        check_known("workload", values, names)
        if missing := [name for name in names[:6] if name not in values]:
            raise ConfigurationError("workload", f"without {', '.join(missing)}", f"Needed: {', '.join(names[:6])}")
        return cls(**values)

    def scaled(self, factor: Decimal | int | str) -> Workload:
        """The workload with `factor` times the items and reads, and the same devices, sizes and days."""
        factor = Decimal(factor)
        return replace(
            self,
            items_per_device_per_day=self.items_per_device_per_day * factor,
            hot_reads_per_device_per_day=self.hot_reads_per_device_per_day * factor,
            cold_lookups_per_month=self.cold_lookups_per_month * factor,
            archive_lookups_per_month=self.archive_lookups_per_month * factor,
        )

    @property
    def items_per_month(self) -> Decimal:
        return self.devices * self.items_per_device_per_day * DAYS_PER_MONTH


_BIG = Decimal(10) ** 9
RANGES: Mapping[str, tuple[Decimal, Decimal, bool]] = {
    name: (Decimal(low), Decimal(high), whole)
    for name, low, high, whole in (
        ("devices", 1, _BIG, True),
        ("items_per_device_per_day", 0, 86_400_000, False),
        ("item_bytes", 1, 400_000, True),
        ("hot_item_bytes", 0, 400_000, True),
        ("hot_days", 0, 36_525, False),
        ("cold_days", 0, 36_525, False),
        ("archive_days", 0, 36_525, False),
        ("days_between_runs", "0.01", 366, False),
        ("chunk_bytes", 1_024, 5 * 2**30, True),
        ("at_rest_ratio", "0.001", 2, False),
        ("wire_ratio", "0.001", 2, False),
        ("hot_reads_per_device_per_day", 0, 86_400_000, False),
        ("cold_read_share", 0, 100, False),
        ("archive_read_share", 0, 100, False),
        ("cold_lookups_per_month", 0, 10**12, False),
        ("archive_lookups_per_month", 0, 10**12, False),
        ("restore_days", 1, 366, False),
    )
}
"""Minimum and maximum of every number, and whether it must be whole. Items have at most 400 KB, as in DynamoDB."""
FLAGS = ("page_by_page", "ttl_deletes", "bulk_restores", "reads_leave_cloud", "alarms", "free_tiers")


def as_number(value: Any) -> Decimal | None:
    """An int, float, text or Decimal as a finite Decimal; floats by their shortest text. None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
