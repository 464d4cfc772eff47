"""The CloudWatch alarms desired for a twin, each with its metric, periods and threshold. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from l3kit.clouds.aws.names import AwsNames
from l3kit.clouds.ports.alarms import KINDS, LAG_DAYS, MEANINGS, OF_MOVERS, AlarmKind, kinds_of
from l3kit.tiering.runtime.measures import FAILED, MOVER, NAMESPACE, PARTIAL, TWIN, Measure
from l3kit.twin.layout import SCHEDULED
from l3kit.twin.schedule_times import longest_gap

if TYPE_CHECKING:
    from l3kit.twin.config import Twin

MINUTE, HOUR, DAY = 60, 3600, 86_400
LONGEST = 7 * DAY
"""Maximum seconds that periods of an hour or more may span together; for shorter ones it is DAY (PutMetricAlarm)."""
GRACE_HOURS = 2
"""Hours without a report, in addition to the schedule's longest gap, after which a mover is late."""
SHORT, GRACE_SHORT = 300, 6
"""For schedules of less than an hour: the period in seconds, and the number of periods that replaces GRACE_HOURS."""
LETTERS_SECONDS = 3600
"""Seconds without a new dead letter after which their alarm clears."""

Missing = Literal["breaching", "notBreaching", "ignore"]
Statistic = Literal["Maximum", "Minimum", "Sum", "SampleCount"]
Comparison = Literal["GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold"]


@dataclass(frozen=True, slots=True)
class AlarmSpec:
    """One alarm, without its actions.

    Attributes:
        mover: the scheduled function that it watches; empty for an alarm of the whole twin.
        metric: namespace and name.
        period: seconds.
        periods: number of evaluated periods.
        missing: what a period without data counts as; `ignore` keeps the state.
        breaching: number of periods that must breach the threshold; 0 is all.
    """

    name: str
    kind: AlarmKind
    mover: str
    metric: tuple[str, str]
    dimensions: tuple[tuple[str, str], ...]
    statistic: Statistic
    comparison: Comparison
    threshold: float
    period: int
    missing: Missing
    periods: int = 1
    breaching: int = 0

    @property
    def description(self) -> str:
        """The alarm's meaning and remedy, included in every notification."""
        meaning = MEANINGS[self.kind]
        whose = f"The {self.mover}: " if self.mover else ""
        return f"{whose}{meaning.meaning}. What to do: {meaning.remedy} (docs/how-to/alarms.md)"

    def parameters(self) -> dict[str, Any]:
        """Return what PutMetricAlarm sets and DescribeAlarms returns, without actions and tags."""
        namespace, metric = self.metric
        return {
            "AlarmName": self.name,
            "AlarmDescription": self.description,
            "Namespace": namespace,
            "MetricName": metric,
            "Dimensions": [{"Name": name, "Value": value} for name, value in self.dimensions],
            "Statistic": self.statistic,
            "Period": self.period,
            "EvaluationPeriods": self.periods,
            "DatapointsToAlarm": self.breaching or self.periods,
            "Threshold": self.threshold,
            "ComparisonOperator": self.comparison,
            "TreatMissingData": self.missing,
        }


def alarm_specs(twin: Twin, names: AwsNames, cloud: str) -> tuple[AlarmSpec, ...]:
    """Return the alarms of the twin's part on AWS, those of functions first; `alarm_gaps` names what is left out.

    Args:
        cloud: AWS's name, by which the layout knows what is there.
    """
    gap = longest_gap(twin.config.mover_schedule)
    scheduled = twin.layout.scheduled_on(cloud)
    found = [spec for one in scheduled for spec in _of_mover(names, one, gap) if spec.kind in kinds_of(one)]
    if scheduled:
        found.append(_missed_starts(names))
    if twin.layout.has_letters_on(cloud):
        found.append(_dead_letters(names))
    return tuple(found)


def alarm_gaps(twin: Twin, cloud: str) -> tuple[str, ...]:
    """Return what CloudWatch cannot watch of this twin, in sentences."""
    expression = twin.config.mover_schedule
    if not twin.layout.movers_on(cloud) or _late_periods(longest_gap(expression)):
        return ()
    return (
        f"No alarm reports that a mover did not run: CloudWatch looks back seven days at most, and {expression} may "
        "leave more between two runs, or does not state how much. l3kit runs reports it.",
    )


def all_alarm_names(names: AwsNames) -> tuple[str, ...]:
    """Return the names of all alarms that any layout of the twin may have."""
    of_twin = [names.alarm(kind) for kind in KINDS if kind not in OF_MOVERS]
    return (*(names.alarm(kind, one) for one in SCHEDULED for kind in kinds_of(one)), *of_twin)


def alarm_patterns(names: AwsNames) -> tuple[str, ...]:
    """Return patterns of these names for a policy, whose length IAM limits: one for all alarms of a function."""
    of_twin = [names.alarm(kind) for kind in KINDS if kind not in OF_MOVERS]
    return (*(names.alarm("*", one) for one in SCHEDULED), *of_twin)


def _of_mover(names: AwsNames, mover: str, gap: timedelta | None) -> list[AlarmSpec]:
    def own(kind: AlarmKind, measure: Measure, **how: Any) -> AlarmSpec:
        dimensions = ((TWIN, names.twin_name), (MOVER, mover))
        return AlarmSpec(names.alarm(kind, mover), kind, mover, (NAMESPACE, measure), dimensions, **how)

    at_least: Comparison = "GreaterThanOrEqualToThreshold"
    last: dict[str, Any] = {"period": MINUTE, "missing": "ignore"}  # the state is that of the last run
    function = (("FunctionName", names.function(mover)),)
    broke_off: AlarmKind = "broke-off"
    found = [
        own("failed", "Severity", statistic="Maximum", comparison=at_least, threshold=float(FAILED), **last),
        AlarmSpec(
            names.alarm(broke_off, mover), broke_off, mover, ("AWS/Lambda", "Errors"), function,
            statistic="Sum", comparison=at_least, threshold=1.0, **last,
        ),
        own(
            "partial-twice", "Severity", statistic="Minimum", comparison=at_least, threshold=float(PARTIAL),
            missing="ignore", **_two_runs(gap),
        ),
    ]  # fmt: skip
    if late := _late_periods(gap):
        period, periods = late
        how = {"statistic": "SampleCount", "comparison": "LessThanThreshold", "threshold": 1.0, "missing": "breaching"}
        found.append(own("late", "Severity", period=period, periods=periods, **how))
    lag = own(
        "lag", "LagDays", statistic="Maximum", comparison="GreaterThanThreshold", threshold=LAG_DAYS * 1.0, **last
    )
    return [*found, lag]


def _two_runs(gap: timedelta | None) -> dict[str, int]:
    """Return periods that cover the last two runs, or only the last if two exceed what CloudWatch evaluates."""
    seconds = int(gap.total_seconds()) if gap else LONGEST
    if seconds <= DAY:
        return {"period": -(-seconds // MINUTE) * MINUTE, "periods": 2}
    days = -(-seconds // DAY)
    if 2 * days * DAY <= LONGEST:
        return {"period": DAY, "periods": 2 * days, "breaching": 2}
    return {"period": DAY, "periods": 1}


def _late_periods(gap: timedelta | None) -> tuple[int, int] | None:
    """Return period and number of periods without a report after which a mover is late; None if it is unknown."""
    if gap is None:
        return None
    seconds = int(gap.total_seconds())
    if seconds < HOUR:
        return SHORT, -(-seconds // SHORT) + GRACE_SHORT
    periods = -(-seconds // HOUR) + GRACE_HOURS
    return (HOUR, periods) if periods * HOUR <= LONGEST else None


def _missed_starts(names: AwsNames) -> AlarmSpec:
    kind: AlarmKind = "missed-starts"
    return AlarmSpec(
        names.alarm(kind), kind, "", ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
        (("QueueName", names.missed_starts_queue()),), "Maximum", "GreaterThanOrEqualToThreshold", 1.0, SHORT,
        "notBreaching",
    )  # fmt: skip


def _dead_letters(names: AwsNames) -> AlarmSpec:
    kind: AlarmKind = "dead-letters"
    return AlarmSpec(
        names.alarm(kind), kind, "", (NAMESPACE, "DeadLetters"), ((TWIN, names.twin_name),),
        "Sum", "GreaterThanOrEqualToThreshold", 1.0, LETTERS_SECONDS, "notBreaching",
    )  # fmt: skip
