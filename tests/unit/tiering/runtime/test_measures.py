"""The figures that alarms are made of."""

from __future__ import annotations

from typing import get_args

import pytest

from l3kit.tiering.movers.report import DeviceReport, RunReport, Verdict
from l3kit.tiering.runtime.measures import FAILED, PARTIAL, SEVERITY, measures_of


def report(verdict: Verdict, *devices: DeviceReport) -> RunReport:
    at = "2026-03-01T00:00:00Z"
    return RunReport("hot-to-cold-mover", "r", at, at, 1.0, at, verdict, len(devices), devices, {}, {}, {})


def test_each_verdict_has_a_severity_and_only_what_was_left_for_a_reason_is_severe() -> None:
    assert set(SEVERITY) == set(get_args(Verdict))
    assert {verdict for verdict, severity in SEVERITY.items() if severity} == {"partial", "failed"}
    assert 0 < PARTIAL < FAILED


@pytest.mark.parametrize("verdict", get_args(Verdict))
def test_a_runs_figures_are_those_of_its_report(verdict: Verdict) -> None:
    assert measures_of(report(verdict)) == {"Severity": SEVERITY[verdict], "LagDays": 0.0}


def test_a_lag_that_the_run_did_not_see_is_left_out_instead_of_told_as_none() -> None:
    device = DeviceReport("d")
    device.skip("d", "the store did not answer")
    assert measures_of(report("failed", device)) == {"Severity": FAILED}
