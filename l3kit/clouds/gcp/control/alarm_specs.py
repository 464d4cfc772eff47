"""The alert policies desired for a twin, and the log-based metrics that they look at. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from l3kit.clouds.gcp.names import GcpNames
from l3kit.clouds.ports.alarms import KINDS, LAG_DAYS, MEANINGS, OF_MOVERS, AlarmKind, kinds_of
from l3kit.tiering.runtime.measures import FAILED, PARTIAL, Measure
from l3kit.tiering.settings.function_table import EXPIRER
from l3kit.twin.layout import CHAIN, SCHEDULED
from l3kit.twin.schedule_times import longest_gap

if TYPE_CHECKING:
    from l3kit.twin.config import Twin

MINUTE, HOUR, DAY = 60, 3600, 86_400
LONGEST = 90_000
"""Maximum seconds that an alert policy looks back: 25 hours (Aggregation.alignmentPeriod)."""
SILENCE = 300
"""Seconds that the count of runs is absent until the mover is late."""
SEVERITY = "severity"
"""Label of the metric of runs."""
USER = "logging.googleapis.com/user/"
REQUESTS = "run.googleapis.com/request_count"
SERVICE_NAME = "resource.labels.service_name"
SERVICE, SCHEDULER_JOB = "cloud_run_revision", "cloud_scheduler_job"

Form = Literal["count", "absent"]


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """One log-based counter.

    Attributes:
        filter: in the language of Cloud Logging.
        labels: expressions that extract its labels.
    """

    name: str
    filter: str
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def type(self) -> str:
        return f"{USER}{self.name}"


@dataclass(frozen=True, slots=True)
class AlarmSpec:
    """One alert policy, which fires if a counter reached a threshold in a window, or has no value in it.

    Attributes:
        mover: the scheduled function that it watches; empty for an alarm of the whole twin.
        metric: type of the counter.
        resource: type of the monitored resource.
        labels: texts that labels must have, by their path; several texts are alternatives.
        window: seconds that it looks back.
        runs: type of the counter that shows whether there was any run; empty if silence is good.
    """

    name: str
    kind: AlarmKind
    mover: str
    metric: str
    resource: str
    labels: tuple[tuple[str, tuple[str, ...]], ...]
    window: int
    threshold: int = 1
    form: Form = "count"
    runs: str = ""

    @property
    def description(self) -> str:
        """The alarm's meaning and remedy, included in every notification."""
        meaning = MEANINGS[self.kind]
        whose = f"The {self.mover}: " if self.mover else ""
        return f"{whose}{meaning.meaning}. What to do: {meaning.remedy} (docs/how-to/alarms.md)"

    @property
    def service(self) -> str:
        """The deployed name of the function; empty for an alarm of the whole twin."""
        return next((texts[0] for path, texts in self.labels if path == SERVICE_NAME), "")

    @property
    def filter(self) -> str:
        """The time series, in the language of Cloud Monitoring."""
        terms = [f'metric.type = "{self.metric}"', f'resource.type = "{self.resource}"']
        return " AND ".join([*terms, *(_term(path, texts) for path, texts in self.labels)])

    def condition(self) -> dict[str, Any]:
        """Return the policy's condition."""
        aggregation = {
            "alignmentPeriod": f"{self.window}s",
            "perSeriesAligner": "ALIGN_DELTA",
            "crossSeriesReducer": "REDUCE_SUM",
        }
        told: dict[str, Any] = {"filter": self.filter, "aggregations": [aggregation], "trigger": {"count": 1}}
        if self.form == "absent":
            return {"displayName": self.kind, "conditionAbsent": {**told, "duration": f"{SILENCE}s"}}
        above = {"comparison": "COMPARISON_GT", "thresholdValue": self.threshold - 0.5}
        return {"displayName": self.kind, "conditionThreshold": {**told, **above, "duration": "0s"}}


def alarm_specs(twin: Twin, names: GcpNames, cloud: str) -> tuple[AlarmSpec, ...]:
    """Return the alarms of the twin's part on Google Cloud, those of functions first; `alarm_gaps` names the others."""
    scheduled = twin.layout.scheduled_on(cloud)
    found: list[AlarmSpec] = []
    for one in scheduled:
        gap = longest_gap(twin.config.schedule_of(one))
        found += [spec for spec in _of_mover(names, one, gap) if spec.kind in kinds_of(one)]
    if scheduled:
        found.append(_of_twin(names, "missed-starts", SCHEDULER_JOB))
    if twin.layout.has_letters_on(cloud):
        found.append(_of_twin(names, "dead-letters", SERVICE))
    return tuple(found)


def metric_specs(twin: Twin, names: GcpNames, cloud: str) -> tuple[MetricSpec, ...]:
    """Return the log-based metrics that exist for these alarms."""
    scheduled = twin.layout.scheduled_on(cloud)
    found = [spec for one in scheduled for spec in _metrics_of(names, one)]
    if scheduled:
        found.append(_missed_starts(names, scheduled))
    if twin.layout.has_letters_on(cloud):
        chain = [one for one in twin.layout.functions_on(cloud) if one in CHAIN]
        services = _term(SERVICE_NAME, [names.function(one) for one in chain])
        terms = (f'resource.type="{SERVICE}"', services, f"{measured('DeadLetters')}>=1")
        found.append(MetricSpec(names.alarm("dead-letters"), " AND ".join(terms)))
    return tuple(found)


def alarm_gaps(twin: Twin, cloud: str) -> tuple[str, ...]:
    """Return what Cloud Monitoring cannot watch of this twin, in sentences."""
    expression = twin.config.mover_schedule
    if not twin.layout.movers_on(cloud) or _window_of_two(longest_gap(expression)):
        return ()
    return (
        "No alarm reports that a mover on Google Cloud did not run, or that two runs left something: an alert policy "
        f"looks back 25 hours at most, and {expression} may leave more than 24 between two runs, or does not state how "
        "much. l3kit runs reports it.",
    )


def all_alarm_names(names: GcpNames) -> tuple[str, ...]:
    """Return the names of all alarms that any layout of the twin may have."""
    of_twin = [names.alarm(kind) for kind in KINDS if kind not in OF_MOVERS]
    return (*(names.alarm(kind, one) for one in SCHEDULED for kind in kinds_of(one)), *of_twin)


def all_metric_names(names: GcpNames) -> tuple[str, ...]:
    """Return the names of all log-based metrics that any layout of the twin may have."""
    of_twin = [names.alarm(kind) for kind in KINDS if kind not in OF_MOVERS]
    return (*(spec.name for one in SCHEDULED for spec in _metrics_of(names, one)), *of_twin)


def measured(measure: Measure) -> str:
    """Return a figure's path in the log entry of a line with measures."""
    return f"jsonPayload.l3kit.{measure}"


def _of_mover(names: GcpNames, mover: str, gap: timedelta | None) -> list[AlarmSpec]:
    service = ((SERVICE_NAME, (names.function(mover),)),)
    runs = f"{USER}{names.alarm('runs', mover)}"
    last = min(int(gap.total_seconds()) if gap else DAY, DAY)  # until the next run, which has its own state
    last = -(-last // MINUTE) * MINUTE

    def own(kind: AlarmKind, metric: str, *severities: int, window: int = last, **how: Any) -> AlarmSpec:
        texts = tuple(map(str, severities))
        labels = (*service, *([(f"metric.labels.{SEVERITY}", texts)] if texts else []))
        return AlarmSpec(names.alarm(kind, mover), kind, mover, metric, SERVICE, labels, window, **how)

    found = [own("failed", runs, FAILED, runs=runs)]
    failed = (*service, ("metric.labels.response_code_class", ("5xx",)))
    broke_off: AlarmKind = "broke-off"
    found.append(
        AlarmSpec(names.alarm(broke_off, mover), broke_off, mover, REQUESTS, SERVICE, failed, last, runs=REQUESTS)
    )
    if window := _window_of_two(gap):
        found.append(own("partial-twice", runs, PARTIAL, FAILED, window=window, threshold=2, runs=runs))
        found.append(own("late", runs, window=window, form="absent", runs=runs))
    return [*found, own("lag", f"{USER}{names.alarm('lag', mover)}", runs=runs)]


def _window_of_two(gap: timedelta | None) -> int:
    """Return seconds that at the end of a run contain it and the one before, and no third; 0 if that is too long.

    Without a run in that time, the mover is late.
    """
    seconds = int(gap.total_seconds()) if gap else LONGEST
    window = seconds + min(HOUR, max(seconds // 2, MINUTE))
    return window // MINUTE * MINUTE if window <= LONGEST else 0


def _metrics_of(names: GcpNames, mover: str) -> tuple[MetricSpec, ...]:
    service = f'resource.type="{SERVICE}" AND resource.labels.service_name="{names.function(mover)}"'
    severity = measured("Severity")
    label = ((SEVERITY, f"EXTRACT({severity})"),)
    runs = MetricSpec(names.alarm("runs", mover), f"{service} AND {severity}>=0", label)
    if mover == EXPIRER:
        return (runs,)
    return runs, MetricSpec(names.alarm("lag", mover), f"{service} AND {measured('LagDays')}>{LAG_DAYS}")


def _missed_starts(names: GcpNames, functions: tuple[str, ...]) -> MetricSpec:
    """Return the count of attempts that did not reach a function; an error of its own is not one."""
    jobs = _term("resource.labels.job_id", [names.schedule(one) for one in functions])
    terms = (f'resource.type="{SCHEDULER_JOB}"', jobs, "severity>=ERROR", "NOT httpRequest.status>=500")
    return MetricSpec(names.alarm("missed-starts"), " AND ".join(terms))


def _of_twin(names: GcpNames, kind: AlarmKind, resource: str) -> AlarmSpec:
    name = names.alarm(kind)
    return AlarmSpec(name, kind, "", f"{USER}{name}", resource, (), HOUR)


def _term(path: str, texts: tuple[str, ...] | list[str]) -> str:
    """Return a term of a filter, of Cloud Logging if its path begins in an entry."""
    if len(texts) == 1:
        return f'{path}="{texts[0]}"'
    listed = [f'"{text}"' for text in texts]
    in_entry = path.startswith("resource.labels.")
    return f"{path}=({' OR '.join(listed)})" if in_entry else f"{path}=one_of({','.join(listed)})"


def metric_body(spec: MetricSpec, description: str) -> Mapping[str, Any]:
    """Return a metric as Cloud Logging takes it."""
    labels = [{"key": name, "valueType": "STRING"} for name, _ in spec.labels]
    descriptor = {"metricKind": "DELTA", "valueType": "INT64", "unit": "1", "labels": labels}
    return {
        "name": spec.name,
        "description": description,
        "filter": spec.filter,
        "metricDescriptor": descriptor,
        "labelExtractors": dict(spec.labels),
    }
