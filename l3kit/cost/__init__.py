"""What moving and keeping telemetry costs: price book, model, meter, analyses. docs/cost.md explains the formulas.

What a notebook calls is exported here and loaded on first use.
"""

from __future__ import annotations

import importlib
from typing import Any

_EXPORTS = {
    "PriceBook": "price_book",
    "load_prices": "price_book",
    "refresh_prices": "aws_prices",
    "Workload": "workload",
    "Layout": "workload",
    "LAYOUTS": "workload",
    "Scenario": "scenario",
    "load_scenario": "scenario",
    "Bill": "bill",
    "monthly_bill": "model",
    "move_bill": "model",
    "usage_range": "model",
    "price_grid": "grid",
    "compare": "judgement",
    "side_by_side": "judgement",
    "check_budget": "judgement",
    "metered": "meter",
    "beside": "meter",
    "as_moved": "meter",
    "chunk_table": "seed_tables",
    "chunk_frame": "seed_tables",
    "batch_table": "seed_tables",
    "batching_gain": "batching",
    "request_prices": "seed_tables",
    "sweep_chunk_size": "sweeps",
    "sensitivity": "sweeps",
    "retention": "sweeps",
    "rank_layouts": "ranking",
    "waterfall": "ranking",
    "break_even": "choices",
    "delete_modes": "choices",
    "compressions": "choices",
    "measure": "compression",
    "measure_weather": "compression",
    "shown": "amounts",
    "first_page": "front_page",
    "bill_table": "tables",
    "source_table": "tables",
    "doubtful_table": "tables",
    "frame_table": "tables",
    "measure_move": "trial_move",
    "size_text": "sweeps",
}

__all__ = sorted(_EXPORTS)


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        value = getattr(importlib.import_module(f"l3kit.cost.{_EXPORTS[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'l3kit.cost' has no attribute {name!r}; it exports {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_EXPORTS])
