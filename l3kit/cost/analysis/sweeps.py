"""Sensitivity of the monthly bill to one parameter: chunk size, item size, retention, or any other number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from l3kit.cost.model.bill import Bill, Row, total_of
from l3kit.cost.model.monthly import exact_inputs, monthly_bill
from l3kit.cost.model.workload import DAYS_PER_MONTH, RANGES, Workload
from l3kit.errors import ConfigurationError
from l3kit.prices.price_book import PriceBook
from l3kit.prices.price_file import Provider
from l3kit.providers import billing_of
from l3kit.twin.layout import Layout

if TYPE_CHECKING:
    import pandas as pd

CHUNK_SIZES: tuple[int, ...] = tuple(
    kib * 1024 for kib in (64, 128, 256, 512, 1024, 2048, 3072, 5120, 8192, 16384, 32768, 65536, 131072, 200 * 1024)
)
"""64 KiB to 200 MiB, 1 MiB and 5 MiB among them."""
FLAT = Decimal("0.01")
"""Bills that differ by less than this share from the least count as the same."""
_PER_OBJECT = ("minimum object size", "overhead per object", "index entry per object")
_RESTORES = frozenset({"restore_standard", "restore_bulk"})


@dataclass(frozen=True, slots=True)
class ChunkSweep:
    """The chunk sizes with their bills, and the conclusions.

    Attributes:
        sizes: bytes, ascending.
        bills: the bill of each size.
        mean_bytes: actual mean size of a chunk, uncompressed: each device's last chunk of a run is smaller.
        objects: per month.
    """

    sizes: tuple[int, ...]
    bills: tuple[Bill, ...]
    mean_bytes: tuple[Decimal, ...]
    objects: tuple[Decimal, ...]

    @property
    def optimum(self) -> int | None:
        """The size with the lowest bill, the smallest of equal ones; None if a bill is incomplete."""
        if any(bill.incomplete for bill in self.bills):
            return None
        return min(zip(self.sizes, self.bills, strict=True), key=lambda pair: (pair[1].total.known, pair[0]))[0]

    @property
    def flat(self) -> tuple[int, int] | None:
        """The sizes around the optimum whose bill stays within 1 % of the lowest; None if unknown."""
        if (best := self.optimum) is None:
            return None
        least = self.bills[self.sizes.index(best)].total.known
        same = [bill.total.known <= least * (1 + FLAT) for bill in self.bills]
        low = high = self.sizes.index(best)
        while low > 0 and same[low - 1]:
            low -= 1
        while high + 1 < len(same) and same[high + 1]:
            high += 1
        return self.sizes[low], self.sizes[high]

    def summary(self) -> str:
        """The optimum, and why the bill hardly changes around it."""
        best, flat = self.optimum, self.flat
        if best is None or flat is None:
            return "The best chunk size is unknown: a bill is incomplete."
        bill, mean = self.bills[self.sizes.index(best)], self.mean_bytes[self.sizes.index(best)]
        return (
            f"The bill is least with chunks of {size_text(best)} ({bill.total} a month) and stays within 1 % of that "
            f"from {size_text(flat[0])} to {size_text(flat[1])}, because {self._reason(best, flat)}; a chunk then "
            f"really holds {size_text(mean)} on average."
        )

    def _reason(self, best: int, flat: tuple[int, int]) -> str:
        first, last = (self.objects[self.sizes.index(size)] for size in flat)
        if first == last:
            return "a run does not bring enough items to fill them, so the number of objects stays the same"
        bill = self.bills[self.sizes.index(best)]
        per_object = total_of(row for row in bill.rows if depends_on_objects(row)).known
        share = per_object / bill.total.known if bill.total.known else Decimal(0)
        return f"only {share * 100:.1f} % of it depends on the number of objects"

    def to_frame(self) -> pd.DataFrame:
        """One row per size: bytes, mean bytes, objects per month, USD by cost driver, total (None: unknown)."""
        import pandas as pd

        rows = []
        for size, bill, mean, objects in zip(self.sizes, self.bills, self.mean_bytes, self.objects, strict=True):
            per_object = total_of(row for row in bill.rows if depends_on_objects(row))
            rest = total_of(row for row in bill.rows if not depends_on_objects(row))
            rows.append([size, mean, objects, per_object.amount, rest.amount, bill.total.amount])
        columns = ["chunk bytes", "mean bytes", "objects", "per object USD", "rest USD", "total USD"]
        return pd.DataFrame(rows, columns=columns)


def depends_on_objects(row: Row) -> bool:
    """Return whether a row counts objects: their requests, minimum size and overhead; not their bytes."""
    billing = billing_of(row.key.provider)
    if row.key.service not in {service for service, _ in billing.objects.values()}:
        return False
    return row.key.rate in _RESTORES or row.key.rate in billing.requests.values() or row.item in _PER_OBJECT


def sweep_chunk_size(
    workload: Workload,
    layout: Layout,
    book: PriceBook,
    regions: Mapping[Provider, str] | None = None,
    *,
    sizes: Sequence[int] = CHUNK_SIZES,
) -> ChunkSweep:
    """The monthly bill for each chunk size. l3kit itself stops at 5 MiB; larger sizes show what that limit costs.

    Raises: ConfigurationError for an unknown region, a missing price, or a size that is not allowed.
    """
    ordered = tuple(sorted(set(sizes)))
    workloads = [replace(workload, chunk_bytes=Decimal(size)) for size in ordered]
    bills = tuple(monthly_bill(w, layout, book, regions) for w in workloads)
    chunks = [exact_inputs(w).chunks_of_run for w in workloads]
    means = tuple(c.bytes / c.count if c.count else Decimal(0) for c in chunks)
    objects = tuple(c.count * DAYS_PER_MONTH / workload.days_between_runs for c in chunks)
    return ChunkSweep(ordered, bills, means, objects)


def sensitivity(
    workload: Workload,
    layout: Layout,
    book: PriceBook,
    name: str,
    values: Sequence[Decimal | int | float | str],
    regions: Mapping[Provider, str] | None = None,
) -> pd.DataFrame:
    """The monthly bill while one number of the workload varies, such as `item_bytes` or `hot_days`.

    Returns: a column named as the number, USD for each part, `total`; None is unknown.
    Raises: ConfigurationError for an unknown name or a value that is not allowed.
    """
    import pandas as pd

    if name not in RANGES:
        raise ConfigurationError(
            "sensitivity", f"{name!r} is not a numeric workload field", f"Allowed: {', '.join(RANGES)}"
        )
    rows: list[dict[str, object]] = []
    for value in values:
        bill = monthly_bill(replace(workload, **{name: value}), layout, book, regions)  # type: ignore[arg-type]
        parts: dict[str, object] = {part: total.amount for part, total in bill.by_part().items()}
        rows.append({name: value, **parts, "total": bill.total.amount})
    return pd.DataFrame(rows, columns=list(dict.fromkeys(key for row in rows for key in row)), dtype=object)


def retention(
    workload: Workload,
    layout: Layout,
    book: PriceBook,
    days: Sequence[int],
    regions: Mapping[Provider, str] | None = None,
) -> pd.DataFrame:
    """USD a month as each tier's retention varies in turn, the others as in the workload.

    Returns: columns `days`, and the total for varying `hot_days`, `cold_days` and `archive_days`.
    """
    import pandas as pd

    names = ("hot_days", "cold_days", "archive_days")
    totals = {name: list(sensitivity(workload, layout, book, name, days, regions)["total"]) for name in names}
    return pd.DataFrame({"days": list(days), **totals})


def size_text(size: Decimal | int) -> str:
    """Bytes for people: `64 KiB`, `5 MiB`, `1.5 MiB`."""
    for unit, factor in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if size >= factor:
            return f"{Decimal(size) / factor:.3g} {unit}"
    return f"{size:.0f} bytes"
