"""A real, small move in the sandbox, metered and priced: measured beside predicted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from l3kit.coroutines import run
from l3kit.cost.bill import Total
from l3kit.cost.compression import measure_weather
from l3kit.cost.meter import Agreement, as_moved, beside
from l3kit.cost.workload import Layout, Workload
from l3kit.errors import CheckFailedError
from l3kit.example import load_example, prepare_deployment
from l3kit.movers import MOVERS, run_mover
from l3kit.telemetry import WEATHER_FILE
from l3kit.tier_stores import open_tiers
from l3kit.tiering.settings import DEFAULT_TUNING

if TYPE_CHECKING:
    import pandas as pd

    from l3kit.cost.price_book import PriceBook
    from l3kit.session import Session
    from l3kit.twin import Twin

LAYOUT = Layout.parse("aws-aws-aws")
TOLERANCE = Decimal("0.02")
"""By how much a prediction may differ from the measurement, as a share of it."""
_RUN_TIME = ("compute", "ingest")
"""Rates that follow from how long a run took: taken from the report in both bills, different each time."""


@dataclass(frozen=True, slots=True)
class TrialMove:
    """Both movers' runs.

    Attributes:
        items: that were moved by each.
        sizes: bytes of the objects that lie in the archive at the end, ascending.
        longest: bytes that a chunk may have, as deployed.
    """

    items: int
    sizes: tuple[int, ...]
    longest: int
    agreements: tuple[tuple[str, Agreement], ...]

    def check(self) -> str:
        """One sentence. Raises: CheckFailedError where prediction and measurement are off by more than 2 %."""
        unknown = [mover for mover, agreement in self.agreements if agreement.difference is None]
        for mover, agreement in self.agreements:
            if agreement.difference is not None and abs(agreement.difference) > TOLERANCE:
                raise CheckFailedError(
                    mover, f"prediction and measurement differ: {agreement.sentence()}", "Compare the rows of both"
                )
        if unknown:
            return f"Whether predictions agree cannot be told of {' and '.join(unknown)}: the bills are incomplete."
        return f"Both bills agree with their predictions within {TOLERANCE * 100:.0f} %."

    def stored(self) -> str:
        """What really lies in the archive, in a sentence."""
        return (
            f"{self.items:,} items lie in {len(self.sizes)} objects of {self.sizes[0]:,} to {self.sizes[-1]:,} bytes; "
            f"a chunk may have {self.longest:,}."
        )

    def to_frame(self) -> pd.DataFrame:
        """A row per mover and price, without run time, which no model predicts.

        Returns: `move`, `price`, `predicted` and `measured` (USD per million items; None where not known),
            `difference` (share of measured), and a `total` for each mover.
        """
        import pandas as pd

        rows = []
        for mover, agreement in self.agreements:
            move = mover.removesuffix("-mover").replace("-", " ")
            lines = {
                name: (predicted.amount, measured.amount)
                for name, (predicted, measured) in agreement.lines.items()
                if name.rpartition(".")[2] not in _RUN_TIME and not _is_nothing(predicted, measured)
            }
            predicted, measured = zip(*lines.values(), strict=True)
            for name, pair in {**lines, "total": (_sum(predicted), _sum(measured))}.items():
                rows.append([move, name, *(self._per_million(amount) for amount in pair), _difference(*pair)])
        columns = ["move", "price", "predicted", "measured", "difference"]
        return pd.DataFrame(rows, columns=columns, dtype=object)

    def _per_million(self, amount: Decimal | None) -> Decimal | None:
        return None if amount is None else amount * 10**6 / self.items


def _is_nothing(*totals: Total) -> bool:
    return all(total.amount == 0 for total in totals)


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = list(amounts)
    return None if None in known else sum((amount for amount in known if amount is not None), Decimal(0))


def _difference(predicted: Decimal | None, measured: Decimal | None) -> float | None:
    return None if predicted is None or not measured else float((predicted - measured) / measured)


def measure_move(session: Session, twin: Twin, book: PriceBook, *, moment: datetime, readings: int) -> TrialMove:
    """Deploy the example in an empty sandbox, load readings that are old enough, run both movers, price their reports.

    Args:
        moment: the time the runs stand for.
        readings: of each station.
    Raises: CheckFailedError where not all readings were moved; ConfigurationError where the twin has no weather data.
    """
    prepare_deployment(session, twin)
    newest = moment - timedelta(days=twin.config.cold_storage_size_in_days + 1)
    loaded = load_example(session, twin, newest=newest, last=readings)
    workload, sample = _as_deployed(twin), measure_weather(twin.path / WEATHER_FILE)
    agreements = []
    for mover in MOVERS:
        moved = run_mover(session, twin, mover, time=moment)
        if moved.total("items") != loaded:
            raise CheckFailedError(
                mover, f"moved {moved.total('items'):,} of {loaded:,} readings", "Begin with an empty sandbox: fresh"
            )
        load = as_moved(moved.reports, workload, sample.item_bytes, sample.hot_item_bytes)
        agreements.append((mover, beside(moved.reports, load, LAYOUT, book)))
    return TrialMove(loaded, _stored_sizes(session, twin), int(workload.chunk_bytes), tuple(agreements))


def _as_deployed(twin: Twin) -> Workload:
    """The twin's days and chunk size; what was moved is filled in from the reports."""
    config = twin.config
    hot, cold = config.hot_storage_size_in_days, config.cold_storage_size_in_days
    chunk_bytes = config.tuning.get("MAX_CHUNK_BYTES", DEFAULT_TUNING.max_chunk_bytes)
    given = {"hot_days": hot, "cold_days": cold - hot, "archive_days": 0, "chunk_bytes": chunk_bytes}
    return Workload.of({"devices": 1, "items_per_device_per_day": 1, "item_bytes": 1, **given})


def _stored_sizes(session: Session, twin: Twin) -> tuple[int, ...]:
    async def look() -> list[int]:
        async with open_tiers(session, twin) as tiers:
            return [info.size async for info in tiers.archive.list()] if tiers.archive is not None else []

    return tuple(sorted(run(look())))
