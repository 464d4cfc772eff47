"""A twin on Google Cloud with alarms, and lines that its functions wrote."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from l3kit.clouds.gcp.data.measure_lines import measure_line
from l3kit.sandbox.gcp.control.effects import LogText
from l3kit.tiering.runtime.measures import Measure
from l3kit.twin.config import Twin
from tests.support.control_plane import Cloud
from tests.support.twins import twin_on

OPS, HOOK = "ops@example.com", "https://hook.example/KEY"
HOT = "hot-to-cold-mover"


def watched_twin(folder: Path, *tiers: str, chain: bool = False, **config: Any) -> Twin:
    """Return the twin `plant`, wholly on Google Cloud unless told otherwise, whose alarms are sent to `OPS`."""
    twin_on(folder, *(tiers or ("gcp",) * 3), chain=("gcp", "gcp") if chain else None)
    file = folder / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "notify": [OPS], **config}))
    return Twin.load(folder)


def now(cloud: Cloud) -> datetime:
    return datetime.fromtimestamp(cloud.time.now, UTC)


def write(cloud: Cloud, function: str, hours_ago: float, text: str) -> None:
    """Write a line of a function of `plant`."""
    lines = cloud.effects.lines.setdefault(f"plant-{function}", [])
    moment = now(cloud) - timedelta(hours=hours_ago)
    lines.append(LogText(moment.isoformat(), text, str(len(lines))))


def ran(cloud: Cloud, hours_ago: float, **values: float) -> None:
    """Write the line of a run of the hot-to-cold mover."""
    given: dict[Measure, float] = {"Severity": 0, **values}  # type: ignore[dict-item]
    write(cloud, HOT, hours_ago, measure_line("plant", given, HOT))
