"""The state of an alarm, from the latest time series of its metric: Google's API does not list incidents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from l3kit.clouds.gcp.control.alarm_specs import AlarmSpec
from l3kit.clouds.gcp.control.pages import all_pages
from l3kit.clouds.gcp.control.place import MONITORING, Place
from l3kit.clouds.ports.alarms import AlarmState

SEEN_DAYS = 7
"""Days of time series that are read."""
PAGE = "10000"


@dataclass(frozen=True, slots=True)
class Point:
    """A value of a counter at a moment, with the labels of its series by path."""

    moment: datetime
    value: int
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A state, in words, and the moment since when; None if that is not known."""

    state: AlarmState
    reason: str
    since: datetime | None = None


def read_points(place: Place, metric: str, resource: str, service: str, now: datetime) -> list[Point]:
    """Return the last days' values of a counter, oldest first; none of a metric that is not known.

    Args:
        service: name of the function; empty for any.
    Raises: Refusal.
    """
    only = f' AND resource.labels.service_name = "{service}"' if service else ""
    query = {
        "filter": f'metric.type = "{metric}" AND resource.type = "{resource}"{only}',
        "interval.startTime": (now - timedelta(days=SEEN_DAYS)).astimezone(UTC).isoformat(),
        "interval.endTime": now.astimezone(UTC).isoformat(),
        "view": "FULL",
        "pageSize": PAGE,
    }
    series = all_pages(place, MONITORING, f"v3/projects/{place.project}/timeSeries", "timeSeries", query)
    return sorted((point for one in series for point in _points(one)), key=lambda point: point.moment)


def judge(spec: AlarmSpec, points: Sequence[Point], runs: Sequence[Point], now: datetime) -> Judgement:
    """Return the state of an alarm by the condition of its policy.

    Args:
        points: of the spec's metric.
        runs: of the counter that shows whether there was any run.
    """
    since = now - timedelta(seconds=spec.window)
    hits = [point for point in points if point.value and _has(point, spec)]
    recent = [point for point in hits if point.moment > since]
    count = sum(point.value for point in recent)
    words = f"counted {count} in the last {spec.window / 3600:g} h"
    if spec.form == "absent":
        if recent:
            return Judgement("ok", f"{words}, runs")
        if hits:
            return Judgement("alarm", f"{words}, the last run at {_text(hits[-1].moment)}", hits[-1].moment)
        return Judgement("unknown", f"no run has been counted in {SEEN_DAYS} days; the policy does not fire before one")
    if count >= spec.threshold:
        return Judgement("alarm", f"{words}, the threshold is {spec.threshold}", recent[-1].moment)
    if not spec.runs or any(point.value for point in _of_service(spec, runs)):
        return Judgement("ok", f"{words}, the threshold is {spec.threshold}")
    return Judgement("unknown", f"no run has been counted in {SEEN_DAYS} days")


def _of_service(spec: AlarmSpec, points: Iterable[Point]) -> list[Point]:
    services = [term for term in spec.labels if term[0].startswith("resource.")]
    return [point for point in points if all(point.labels.get(path) in texts for path, texts in services)]


def _has(point: Point, spec: AlarmSpec) -> bool:
    return all(point.labels.get(path) in texts for path, texts in spec.labels)


def _points(series: Mapping[str, Any]) -> list[Point]:
    labels = {
        f"{kind}.labels.{name}": str(text)
        for kind in ("metric", "resource")
        for name, text in (series.get(kind, {}).get("labels") or {}).items()
    }
    return [
        Point(_moment(one["interval"]["endTime"]), int(one["value"].get("int64Value", 0)), labels)
        for one in series.get("points", ())
    ]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
