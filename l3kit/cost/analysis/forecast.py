"""The cost of a mover's next run: the model's bill of a move, with figures counted in the stores."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from l3kit.cost.model.monthly import Mover, move_bill
from l3kit.cost.model.workload import Workload
from l3kit.prices.units import UNITS
from l3kit.tiering.settings.tuning import Tuning

if TYPE_CHECKING:
    from l3kit.cost.model.bill import Bill
    from l3kit.operate.forecast import Forecast
    from l3kit.prices.price_book import PriceBook
    from l3kit.twin.config import Twin

LEAST_ITEM, MOST_ITEM = 1, 400_000
_SIZES = {
    unit.name: unit.per
    for unit in UNITS.values()
    if unit.money and unit.per and unit.measure in ("requests", "WRU", "RRU", "RU")
}
"""Requests or units in one unit of a bill's row."""


@dataclass(frozen=True, slots=True)
class MoveCost:
    """The bill of a move."""

    bill: Bill

    @property
    def requests(self) -> dict[str, Decimal]:
        """Requests to stores and functions, or their units, by price."""
        counted: dict[str, Decimal] = {}
        for row in self.bill.rows:
            if row.quantity is not None and row.unit in _SIZES:
                name = f"{row.key.service}.{row.key.tier}.{row.key.rate}"
                counted[name] = counted.get(name, Decimal(0)) + row.quantity * _SIZES[row.unit]
        return counted


def cost_of(found: Forecast, twin: Twin, book: PriceBook) -> MoveCost | None:
    """Price a forecast, with the mean over all devices, in default regions and without the free tier.

    Returns: None if nothing would be moved.
    Raises: ConfigurationError if the price book lacks a cloud of the twin.
    """
    devices, items = len(found.moving), found.total("items") or found.total("chunks")
    if not devices or not items:
        return None
    tuning = Tuning.from_env({name: str(value) for name, value in twin.config.tuning.items()})
    mean = min(max(round(found.total("bytes") / items), LEAST_ITEM), MOST_ITEM)
    hot, cold = twin.config.hot_storage_size_in_days, twin.config.cold_storage_size_in_days
    last = twin.config.archive_storage_size_in_days or cold
    workload = Workload(
        devices=Decimal(devices),
        items_per_device_per_day=Decimal(items) / devices,
        item_bytes=Decimal(mean),
        hot_days=Decimal(hot),
        cold_days=Decimal(max(cold - hot, 0)),
        archive_days=Decimal(last - cold),
        chunk_bytes=Decimal(tuning.max_chunk_bytes),
    )
    mover: Mover = found.function  # type: ignore[assignment]
    return MoveCost(move_bill(workload, twin.layout, book, mover, listed_objects=found.total("chunks")))
