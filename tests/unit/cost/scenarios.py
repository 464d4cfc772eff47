"""A scenario as the cost notebook asks it, with any of its values changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from l3kit.cost.analysis.scenario import Scenario

VALUES: dict[str, Any] = {
    "devices": 100,
    "items_per_device_per_day": 8640,
    "item_bytes": 179,
    "hot_item_bytes": 113,
    "hot_days": 30,
    "cold_days": 60,
    "archive_days": 275,
    "compression": "zstd",
    "at_rest_ratio": "0.1",
    "wire_ratio": "0.125",
}
GOOD = """\
devices: 100
items_per_device_per_day: 1440
item_bytes: 179
hot_days: 30
cold_days: 60
archive_days: 275
layout: aws-azure-gcp
"""
"""A scenario's file."""
UNKNOWN_WRITES = """\
provider: aws
currency: USD
sources: {mine: "a contract that leaves this open"}
regions:
  us-east-1:
    dynamodb:
      on_demand:
        write_unit: {value: null, unit: "USD per million WRU", as_of: 2026-11-01, source: mine, confirmed: false}
"""


def scenario(*, prices: str = "", folder: Path | None = None, **values: Any) -> Scenario:
    """Args: prices: content of a file of own prices, which is written into `folder`."""
    if prices:
        assert folder is not None
        (folder / "mine.yaml").write_text(prices)
        values["prices"] = str(folder / "mine.yaml")
    return Scenario.of({**VALUES, **values}, Path())
