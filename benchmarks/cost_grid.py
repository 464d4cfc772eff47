"""Prices a grid of 10,000 scenarios with all 27 layouts and prints the time; exit code 1 above a second."""

from __future__ import annotations

import sys
from time import perf_counter

import pandas as pd

from l3kit.cost.model.grid import price_grid
from l3kit.cost.model.workload import LAYOUTS
from l3kit.prices.price_book import load_prices

SCENARIOS = 10_000
GOAL_SECONDS = 1.0


def scenarios(count: int) -> pd.DataFrame:
    """Build a deterministic grid in which layouts, item sizes, rates, chunk sizes and days vary together."""
    numbers = pd.RangeIndex(count).to_series()
    return pd.DataFrame(
        {
            "layout": [str(LAYOUTS[n % len(LAYOUTS)]) for n in range(count)],
            "devices": 1 + numbers % 997,
            "items_per_device_per_day": 1 + numbers * 7 % 2_880,
            "item_bytes": 50 + numbers * 37 % 8_000,
            "chunk_bytes": 65_536 * (1 + numbers % 400),
            "hot_days": 1 + numbers % 60,
            "cold_days": 1 + numbers % 180,
            "archive_days": numbers * 3 % 1_500,
        }
    )


def measure(count: int = SCENARIOS, runs: int = 3) -> float:
    """Seconds of the quickest run, excluding loading the price book."""
    book, grid = load_prices(), scenarios(count)
    price_grid(grid.head(27), book)
    times = []
    for _ in range(runs):
        start = perf_counter()
        priced = price_grid(grid, book)
        times.append(perf_counter() - start)
        assert priced["total"].notna().all()
    return min(times)


def main() -> int:
    seconds = measure()
    print(f"cost model: {SCENARIOS:,} scenarios in {seconds:.2f} s; goal {GOAL_SECONDS:.0f} s")
    return 0 if seconds < GOAL_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
