"""The cost of safety: counted, not timed; both movers run for real on a little data."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.cells import Cell, Result, bare_peak_mb, measure
from benchmarks.safety import compared

UNSAFE = Result("unsafe", 1, False, 2.0, 2.0, 80.0, 60.0, {"Query": 100}, {}, {"write": 1000.0, "read": 50.0})
SAFE = replace(UNSAFE, mover="l3kit", cpu_seconds=2.1, requests={"Query": 104}, units={"write": 1060.0, "read": 60.0})


@pytest.fixture(scope="module")
def both() -> dict[str, Result]:
    bare = bare_peak_mb()
    return {mover: measure(Cell(mover, 10, False), bare) for mover in ("unsafe", "l3kit")}


@pytest.mark.slow
def test_the_unsafe_mover_moves_everything_with_the_least_of_requests(both: dict[str, Result]) -> None:
    unsafe = both["unsafe"]
    assert unsafe.exact
    assert unsafe.requests["BatchWriteItem"] == 1_200
    assert set(unsafe.requests) == {"BatchWriteItem", "Query", "S3 PUT"}
    assert unsafe.units["write"] == 30_000


@pytest.mark.slow
def test_safety_costs_few_requests_and_write_units(both: dict[str, Result]) -> None:
    """At 10 MB each device has one chunk that is not full, and a run's first requests count more than at 100 MB."""
    found = {str(one["what"]): one for one in compared([both["unsafe"]], [both["l3kit"]])}
    assert both["l3kit"].exact
    assert 1.0 < float(str(found["requests"]["ratio"])) < 1.07
    assert 1.0 < float(str(found["write units"]["ratio"])) < 1.05
    assert 1.0 <= float(str(found["read units"]["ratio"])) < 1.02


def test_each_quantity_is_compared_with_its_goal() -> None:
    found = {str(one["what"]): (round(float(str(one["ratio"])), 3), one["met"]) for one in compared([UNSAFE], [SAFE])}
    assert found == {
        "requests": (1.04, True),
        "write units": (1.06, False),
        "CPU seconds": (1.05, True),
        "read units": (1.2, False),
    }


def test_the_quickest_run_of_each_counts() -> None:
    slow = replace(SAFE, cpu_seconds=9.0)
    (cpu,) = [one for one in compared([UNSAFE, UNSAFE], [slow, SAFE]) if one["what"] == "CPU seconds"]
    assert cpu["l3kit"] == 2.1
