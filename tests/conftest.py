"""Tells at the end of a run how many faults were injected and items counted, each layout's time, a judge's word."""

from __future__ import annotations

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Sums what the fault tests recorded; with xdist their reports come from all workers."""
    reports = [r for kind in terminalreporter.stats.values() for r in kind if isinstance(r, pytest.TestReport)]
    counted = {r.nodeid: dict(r.user_properties) for r in reports if "faults" in dict(r.user_properties)}
    totals = {name: sum(int(found[name]) for found in counted.values()) for name in ("faults", "checks")}
    failed = len({r.nodeid for r in reports if r.failed} & counted.keys())
    if totals["checks"]:
        verdict = "none lost, none doubled, none altered" if not failed else f"{failed} tests FAILED"
        done = f"faults injected: {totals['faults']:,}; checks of every item in every tier: {totals['checks']:,}"
        terminalreporter.write_line(f"{done}; {verdict}")
    for judgement in sorted(
        {str(dict(r.user_properties)["judge"]) for r in reports if "judge" in dict(r.user_properties)}
    ):
        terminalreporter.write_line(judgement)
    layouts = sorted(
        (float(properties["layout_seconds"]), str(properties["layout"]))
        for properties in (dict(r.user_properties) for r in reports if r.when == "call" and r.passed)
        if "layout" in properties
    )
    if layouts:
        total = sum(seconds for seconds, _ in layouts)
        terminalreporter.write_line(
            f"layouts deployed, moved through, queried and destroyed: {len(layouts)} in {total:.0f} s"
        )
        for seconds, name in layouts:
            terminalreporter.write_line(f"  {name:16} {seconds:5.1f} s")
