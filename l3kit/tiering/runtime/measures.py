"""Figures of one run or one call, from which a cloud's alarms are made; the same on every cloud."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from l3kit.tiering.movers.report import RunReport, Verdict

NAMESPACE = "l3kit"
TWIN, MOVER = "twin", "mover"
"""Dimensions: the twin's name and the mover's."""
Measure = Literal["Severity", "LagDays", "DeadLetters"]
MEASURES_OF_RUNS: tuple[Measure, ...] = ("Severity", "LagDays")
SEVERITY: Mapping[Verdict, int] = {"complete": 0, "paused": 0, "deadline": 0, "partial": 1, "failed": 2}
PARTIAL, FAILED = SEVERITY["partial"], SEVERITY["failed"]


def measures_of(report: RunReport) -> dict[Measure, float]:
    """Return a run's figures; `LagDays` is left out where the run did not see what it left."""
    found: dict[Measure, float] = {"Severity": SEVERITY[report.verdict]}
    if report.lag_days is not None:
        found["LagDays"] = report.lag_days
    return found
