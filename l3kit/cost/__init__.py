"""Cost of moving and keeping telemetry: price book, model, meter, analyses. docs/reference/cost.md has the formulas.

The names that notebooks use are exported here and loaded on first use.
"""

from __future__ import annotations

from l3kit.late_imports import lazy_exports

_EXPORTS = {
    "PriceBook": "l3kit.prices.price_book",
    "load_prices": "l3kit.prices.price_book",
    "refresh_prices": "l3kit.prices.refreshing",
    "Workload": "l3kit.cost.model.workload",
    "Layout": "l3kit.twin.layout",
    "all_layouts": "l3kit.cost.model.workload",
    "Scenario": "l3kit.cost.analysis.scenario",
    "load_scenario": "l3kit.cost.analysis.scenario",
    "Bill": "l3kit.cost.model.bill",
    "monthly_bill": "l3kit.cost.model.monthly",
    "move_bill": "l3kit.cost.model.monthly",
    "usage_range": "l3kit.cost.model.monthly",
    "price_grid": "l3kit.cost.model.grid",
    "compare": "l3kit.cost.analysis.budget",
    "side_by_side": "l3kit.cost.analysis.budget",
    "check_budget": "l3kit.cost.analysis.budget",
    "metered": "l3kit.cost.analysis.meter",
    "compare_with_prediction": "l3kit.cost.analysis.meter",
    "workload_from_reports": "l3kit.cost.analysis.meter",
    "chunk_table": "l3kit.cost.analysis.seed_tables",
    "chunk_frame": "l3kit.cost.analysis.seed_tables",
    "batch_table": "l3kit.cost.analysis.seed_tables",
    "batching_gain": "l3kit.cost.analysis.batching",
    "request_prices": "l3kit.cost.analysis.seed_tables",
    "sweep_chunk_size": "l3kit.cost.analysis.sweeps",
    "sensitivity": "l3kit.cost.analysis.sweeps",
    "retention": "l3kit.cost.analysis.sweeps",
    "rank_layouts": "l3kit.cost.analysis.ranking",
    "waterfall": "l3kit.cost.analysis.ranking",
    "break_even": "l3kit.cost.analysis.choices",
    "delete_modes": "l3kit.cost.analysis.choices",
    "compressions": "l3kit.cost.analysis.choices",
    "measure": "l3kit.cost.analysis.compression",
    "measure_weather": "l3kit.cost.analysis.compression",
    "format_usd": "l3kit.cost.model.amounts",
    "first_page": "l3kit.cost.report.front_page",
    "bill_table": "l3kit.cost.report.tables",
    "source_table": "l3kit.cost.report.tables",
    "doubtful_table": "l3kit.cost.report.tables",
    "frame_table": "l3kit.cost.report.tables",
    "size_text": "l3kit.cost.analysis.sweeps",
}

__all__ = sorted(_EXPORTS)
__getattr__ = lazy_exports(__name__, _EXPORTS)


def __dir__() -> list[str]:
    return sorted([*globals(), *_EXPORTS])
