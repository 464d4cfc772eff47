"""The state of a metric alarm, from its settings and its metric's values. No I/O."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
Values = Callable[[float, float], list[float]]
"""Returns a metric's values with `since < time <= until`."""
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
_STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "Maximum": max,
    "Minimum": min,
    "Sum": sum,
    "SampleCount": len,
    "Average": lambda values: sum(values) / len(values),
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """A state with CloudWatch's words for it."""

    state: State
    reason: str


def judge(alarm: Mapping[str, Any], values: Values, now: float) -> Judgement | None:
    """Return an alarm's state; None keeps the current one.

    Periods end at `now`; CloudWatch's begin at full minutes and hours, so that it may report up to a period later.
    Where periods lack data and the alarm ignores that, CloudWatch also looks at some earlier ones; this function does
    not.

    Args:
        alarm: as DescribeAlarms returns it.
    """
    period, count = float(alarm["Period"]), int(alarm["EvaluationPeriods"])
    needed = int(alarm.get("DatapointsToAlarm") or count)
    windows = [values(now - (number + 1) * period, now - number * period) for number in range(count)]
    statistic, breaches = _STATISTICS[alarm["Statistic"]], _COMPARISONS[alarm["ComparisonOperator"]]
    threshold, missing = float(alarm["Threshold"]), alarm.get("TreatMissingData") or "missing"
    seen = [float(statistic(window)) for window in windows if window]
    gaps = count - len(seen)
    breaching = sum(breaches(value, threshold) for value in seen)
    fine = len(seen) - breaching
    if missing == "breaching":
        breaching += gaps
    elif missing == "notBreaching":
        fine += gaps
    words = f"{_listed(seen)} of {count} periods of {period:.0f} s; {gaps} without data, treated as {missing}"
    if breaching >= needed:
        return Judgement("ALARM", f"Threshold crossed: {breaching} breaching {threshold:g} ({words})")
    if fine > count - needed:
        return Judgement("OK", f"Threshold not crossed: {fine} not breaching {threshold:g} ({words})")
    if not seen and missing == "missing":
        return Judgement("INSUFFICIENT_DATA", f"Insufficient Data: {words}")
    return None


def _listed(values: Sequence[float]) -> str:
    return f"[{', '.join(f'{value:g}' for value in values)}]"
