"""Time series of Cloud Monitoring: log-based counters, and the requests of functions, both from what they wrote."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from l3kit.sandbox.gcp.control.answers import invalid, missing
from l3kit.sandbox.gcp.control.calls import Answer, Call, Method, Methods
from l3kit.sandbox.gcp.control.effects import Effects, LogText
from l3kit.sandbox.gcp.control.log_filters import matches, texts_at, value_at
from l3kit.sandbox.gcp.control.project import Project

USER, REQUESTS = "logging.googleapis.com/user/", "run.googleapis.com/request_count"
SERVICE = "cloud_run_revision"
_TYPE = re.compile(r'metric\.type\s*=\s*"([^"]+)"')
_SERVICE_TERM = re.compile(r'resource\.labels\.service_name\s*=\s*"([^"]+)"')
_EXTRACT = re.compile(r"EXTRACT\(([^()]+)\)")
_ENDINGS = ("it did not start", "gave no answer to a request", "its run ")
"""Notes of the sandbox on a request that the platform answered itself."""
Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TimeSeries:
    """Counters without alignment: one point for each line that counts.

    Cloud Scheduler's log has no lines here, so its counters have no points.

    Attributes:
        metric: returns a log-based metric by its name.
    """

    project: Project
    effects: Effects
    metric: Callable[[str], Mapping[str, Any] | None]

    def methods(self) -> Methods:
        return {"monitoring.projects.timeSeries.list": Method(self._list, "monitoring.timeSeries.list")}

    async def _list(self, call: Call) -> Answer:
        asked = call.query.get("filter", "")
        named = _TYPE.search(asked)
        if named is None:
            raise invalid("The filter must name a metric type.", "filter")
        start, end = (call.query.get(f"interval.{name}Time", "") for name in ("start", "end"))
        if not end:
            raise invalid("The interval has no end.", "interval.end_time")
        if any(name.startswith(("aggregation", "secondaryAggregation")) for name in call.query):
            raise invalid("The l3kit sandbox does not aggregate time series.", "aggregation")
        kind = named[1]
        found: dict[tuple[str, Labels], Counter[str]] = {}
        async for service, labels, moment in self._counted(asked, kind, start):
            if datetime.fromisoformat(moment) <= datetime.fromisoformat(end):
                found.setdefault((service, labels), Counter())[moment] += 1
        shown = [self._series(kind, *which, points) for which, points in sorted(found.items())]
        return {"timeSeries": shown} if shown else {}

    async def _counted(self, asked: str, kind: str, start: str) -> AsyncIterator[tuple[str, Labels, str]]:
        """Yield service, labels and time of each line that counts."""
        if kind == REQUESTS:
            for service in _SERVICE_TERM.findall(asked):
                for line in await self.effects.log_of(service, start):
                    for outcome in _outcome(line):
                        yield service, (("response_code_class", outcome),), line.moment
            return
        metric = self.metric(kind.removeprefix(USER))
        if metric is None or not kind.startswith(USER):
            raise missing(f'Cannot find metric that matches type = "{kind}".')
        for service in texts_at(metric["filter"], "resource.labels.service_name"):
            for line in await self.effects.log_of(service, start):
                entry = self._entry(service, line)
                if entry is not None and matches(metric["filter"], entry):
                    yield service, tuple(_extracted(metric, entry)), line.moment

    def _entry(self, service: str, line: LogText) -> dict[str, Any] | None:
        content = _json(line.text)
        if content is None:
            return None
        labels = {"service_name": service, "location": self.project.region, "project_id": self.project.id}
        return {"resource": {"type": SERVICE, "labels": labels}, "jsonPayload": content}

    def _series(self, kind: str, service: str, labels: Labels, points: Mapping[str, int]) -> dict[str, Any]:
        where = {"service_name": service, "location": self.project.region, "project_id": self.project.id}
        return {
            "metric": {"type": kind, "labels": dict(labels)},
            "resource": {"type": SERVICE, "labels": where},
            "metricKind": "DELTA",
            "valueType": "INT64",
            "points": [
                {"interval": {"startTime": moment, "endTime": moment}, "value": {"int64Value": str(count)}}
                for moment, count in sorted(points.items(), reverse=True)
            ],
        }


def _extracted(metric: Mapping[str, Any], entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, expression in sorted((metric.get("labelExtractors") or {}).items()):
        path = _EXTRACT.fullmatch(expression)
        value = value_at(entry, path[1]) if path else None
        yield name, "" if value is None else str(value)


def _outcome(line: LogText) -> Iterator[str]:
    """Yield the class of a request's status, if a line tells of its end: l3kit's own, or the platform's note."""
    content = _json(line.text)
    if content is None:
        if any(ending in line.text for ending in _ENDINGS):
            yield "5xx"
    elif "l3kit" in content:
        yield "2xx"
    elif content.get("level") == "ERROR" and content.get("message") == "failed":
        yield "5xx"


def _json(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
