"""Log lines with the figures of a run or a call, of which Cloud Logging counts those that alarms are made of."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from l3kit.tiering.runtime.measures import MOVER, NAMESPACE, TWIN, Measure


def measure_line(twin: str, values: Mapping[Measure, float], mover: str = "") -> str:
    """Return a single line of JSON, whose members Cloud Logging takes over as `jsonPayload`.

    None is called `severity`, `time` or `message`, which Cloud Logging takes for its own.

    Args:
        mover: empty for what belongs to the whole twin.
    """
    return orjson.dumps({NAMESPACE: {TWIN: twin, **({MOVER: mover} if mover else {}), **values}}).decode()
