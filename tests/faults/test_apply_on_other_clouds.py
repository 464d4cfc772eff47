"""Apply and destroy on Google Cloud, in memory: killed, unanswered or refused at any request that changes something."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from l3kit.errors import L3Error
from tests.support.control_plane import Fault, Killed
from tests.support.google_twin import GoogleTwin, Inventory

Verb = Literal["deploy", "destroy"]
SHARDS = 32
"""Tests that the requests are divided among; the first of them is in `make test`."""
REFUSALS = [503, 429, 500]


def _shards() -> Iterator[Any]:
    for n in range(SHARDS):
        yield pytest.param(n, id=f"{n}of{SHARDS}", marks=[pytest.mark.slow] * (n > 0))


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[[], GoogleTwin]]:
    """Make twins, each in a project of its own."""
    made: list[GoogleTwin] = []

    def one() -> GoogleTwin:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(GoogleTwin(folder, chain=True))
        return made[-1]

    yield one
    for each in made:
        each.close()


def undisturbed(twin: GoogleTwin, verb: Verb) -> tuple[int, Inventory]:
    """Return the number of changing requests, and what there is afterwards."""
    if verb == "destroy":
        twin.deploy()
    twin.cloud.http.forget()
    getattr(twin, verb)()
    return len(twin.cloud.http.changes), twin.inventory()


def cases(make: Callable[[], GoogleTwin], verb: Verb, shard: int) -> Iterator[tuple[int, Inventory]]:
    count, wanted = undisturbed(make(), verb)
    assert count > 30
    yield from ((number, wanted) for number in range(shard, count, SHARDS))


def ready(make: Callable[[], GoogleTwin], verb: Verb, fault: Fault) -> GoogleTwin:
    """Return a twin whose next verb meets the fault."""
    twin = make()
    if verb == "destroy":
        twin.deploy()
    twin.cloud.http.forget()
    twin.cloud.http.fault = fault
    return twin


def check(twin: GoogleTwin, verb: Verb, wanted: Inventory, what: str) -> None:
    twin.cloud.http.fault = Fault()
    assert twin.inventory() == wanted, what
    if verb == "deploy":
        again = twin.plan()
        assert [str(step) for step in again.changes] == [], what


@pytest.mark.parametrize("verb", ["deploy", "destroy"])
@pytest.mark.parametrize("kind", [pytest.param("before", marks=pytest.mark.slow), "after"])
@pytest.mark.parametrize("shard", [*_shards()])
def test_killed_at_every_request(make: Callable[[], GoogleTwin], verb: Verb, kind: str, shard: int) -> None:
    for number, wanted in cases(make, verb, shard):
        twin = ready(make, verb, Fault(number, kind))
        with pytest.raises(Killed):
            getattr(twin, verb)()
        what = f"{verb}, killed {kind} {twin.cloud.http.changes[number]}"
        getattr(twin, verb)()
        check(twin, verb, wanted, what)


@pytest.mark.parametrize("verb", ["deploy", "destroy"])
@pytest.mark.parametrize("shard", [*_shards()])
def test_every_answer_lost(make: Callable[[], GoogleTwin], verb: Verb, shard: int) -> None:
    for number, wanted in cases(make, verb, shard):
        twin = ready(make, verb, Fault(number, "lost"))
        getattr(twin, verb)()
        check(twin, verb, wanted, f"{verb}, without the answer to {twin.cloud.http.changes[number]}")


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["deploy", "destroy"])
@pytest.mark.parametrize("shard", [*_shards()])
def test_429_and_503(make: Callable[[], GoogleTwin], verb: Verb, shard: int) -> None:
    for number, wanted in cases(make, verb, shard):
        twin = ready(make, verb, Fault(number, "", [*REFUSALS]))
        getattr(twin, verb)()
        check(twin, verb, wanted, f"{verb}, refused for a while: {twin.cloud.http.changes[number]}")


@pytest.mark.parametrize("verb", ["deploy", "destroy"])
def test_a_cloud_that_stays_busy_is_named_and_the_next_apply_completes(
    make: Callable[[], GoogleTwin], verb: Verb
) -> None:
    for number, wanted in cases(make, verb, 11):
        twin = ready(make, verb, Fault(number, "", [503] * 40))
        with pytest.raises(L3Error, match="503"):
            getattr(twin, verb)()
        twin.cloud.http.fault = Fault()
        getattr(twin, verb)()
        check(twin, verb, wanted, f"{verb}, busy at {number}")


def test_second_apply_only_reads(make: Callable[[], GoogleTwin]) -> None:
    twin = make()
    twin.deploy()
    twin.cloud.http.forget()
    assert twin.deploy().done == ()
    assert twin.cloud.http.asked
    assert twin.cloud.http.changes == []
