"""CloudWatch's metrics, kept by the gateway: from log lines in embedded metric format, and from what services count."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

Key = tuple[str, str, frozenset[tuple[str, str]]]
"""Namespace, name and dimensions."""
KEPT_SECONDS = 15 * 86_400
MAX_POINTS = 20_000
"""Of one metric, the newest."""


class Metrics:
    """Values of metrics by their time, in seconds since 1970."""

    def __init__(self) -> None:
        self._points: dict[Key, list[tuple[float, float]]] = {}

    def put(self, namespace: str, name: str, dimensions: Mapping[str, str], at: float, value: float) -> None:
        points = self._points.setdefault((namespace, name, frozenset(dimensions.items())), [])
        points.append((at, value))
        if len(points) > MAX_POINTS or points[0][0] < at - KEPT_SECONDS:
            kept = [point for point in points if point[0] >= at - KEPT_SECONDS]
            points[:] = kept[-MAX_POINTS:]

    def put_line(self, text: str) -> bool:
        """Take the metrics of a log line in embedded metric format. Returns: whether it had any."""
        if '"_aws"' not in text:
            return False
        try:
            line = json.loads(text)
            found = list(_metrics_in(line))
        except (ValueError, KeyError, TypeError, AttributeError):  # to CloudWatch Logs it is a line like any other
            return False
        for namespace, name, dimensions, at, value in found:
            self.put(namespace, name, dimensions, at, value)
        return bool(found)

    def values(
        self, namespace: str, name: str, dimensions: Mapping[str, str], since: float, until: float
    ) -> list[float]:
        """Return the values with `since < time <= until`."""
        points = self._points.get((namespace, name, frozenset(dimensions.items())), ())
        return [value for at, value in points if since < at <= until]


def _metrics_in(line: Mapping[str, Any]) -> Iterable[tuple[str, str, dict[str, str], float, float]]:
    """Yield namespace, name, dimensions, time and value of each (CloudWatch user guide, "Embedded metric format")."""
    at = float(line["_aws"]["Timestamp"]) / 1000
    for directive in line["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = {str(name): str(line[name]) for name in names}
            for metric in directive["Metrics"]:
                values = line[metric["Name"]]
                for value in values if isinstance(values, list) else [values]:
                    yield str(directive["Namespace"]), str(metric["Name"]), dimensions, at, float(value)
