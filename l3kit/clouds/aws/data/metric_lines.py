"""Log lines in CloudWatch's embedded metric format, which CloudWatch turns into metrics on ingestion."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import orjson

from l3kit.tiering.runtime.measures import MOVER, NAMESPACE, TWIN, Measure


def metric_line(twin: str, moment: datetime, values: Mapping[Measure, float], mover: str = "") -> str:
    """Return a single line with these values.

    Args:
        mover: empty for what belongs to the whole twin.
    """
    dimensions = {TWIN: twin, **({MOVER: mover} if mover else {})}
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [list(dimensions)],
        "Metrics": [{"Name": name} for name in values],
    }
    head = {"Timestamp": int(moment.timestamp() * 1000), "CloudWatchMetrics": [directive]}
    return orjson.dumps({"_aws": head, **dimensions, **values}).decode()
