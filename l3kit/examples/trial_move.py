"""A small real move in the sandbox: metered, priced and compared with the prediction."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from l3kit.cost.analysis.compression import measure_weather
from l3kit.cost.analysis.meter import compare_with_prediction, workload_from_reports
from l3kit.cost.analysis.trial import TrialMove
from l3kit.cost.model.workload import Workload
from l3kit.errors import CheckFailedError
from l3kit.examples.prepare import load_example, prepare_deployment
from l3kit.operate.coroutines import run
from l3kit.operate.tier_stores import open_tiers
from l3kit.operate.weather import WEATHER_FILE
from l3kit.tiering.settings.tuning import DEFAULT_TUNING
from l3kit.twin.layout import MOVERS, Layout

if TYPE_CHECKING:
    from l3kit.operate.open_twin import OpenTwin
    from l3kit.prices.price_book import PriceBook
    from l3kit.session import Session
    from l3kit.twin.config import Twin

LAYOUT = Layout.parse("aws-aws-aws")


def measure_move(twin: OpenTwin, book: PriceBook, *, moment: datetime, readings: int) -> TrialMove:
    """Deploy the example in an empty sandbox, load old enough readings, run both movers, price their reports.

    Args:
        moment: time of reference of the runs.
        readings: per station.
    Raises: CheckFailedError if not all readings were moved; ConfigurationError if the twin has no weather data.
    """
    prepare_deployment(twin)
    newest = moment - timedelta(days=twin.config.config.cold_storage_size_in_days + 1)
    loaded = load_example(twin, newest=newest, last=readings)
    workload, sample = _as_deployed(twin.config), measure_weather(twin.config.path / WEATHER_FILE)
    agreements = []
    for mover in MOVERS:
        moved = twin.run_mover(mover, time=moment)
        if moved.total("items") != loaded:
            raise CheckFailedError(
                mover, f"moved {moved.total('items'):,} of {loaded:,} readings", "Begin with an empty sandbox: fresh"
            )
        load = workload_from_reports(moved.reports, workload, sample.item_bytes, sample.hot_item_bytes)
        agreements.append((mover, compare_with_prediction(moved.reports, load, LAYOUT, book)))
    return TrialMove(loaded, _stored_sizes(twin.session, twin.config), int(workload.chunk_bytes), tuple(agreements))


def _as_deployed(twin: Twin) -> Workload:
    """The workload of the deployed twin: its days and chunk size; the reports add the moved items."""
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
