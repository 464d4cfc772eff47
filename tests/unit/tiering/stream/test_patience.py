"""The time limit of an invocation."""

from __future__ import annotations

import asyncio

import pytest

from l3kit.errors import CallError
from l3kit.tiering.stream.patience import MARGIN_SECONDS, MAX_SECONDS, Patience


@pytest.mark.parametrize(
    ("remaining", "passed", "left"),
    [(900.0, 0.0, MAX_SECONDS), (900.0, 100.0, MAX_SECONDS - 100), (60.0, 0.0, 60 - MARGIN_SECONDS), (2.0, 0.0, -1.0)],
)
def test_it_is_ten_minutes_and_less_than_the_functions_deadline(remaining: float, passed: float, left: float) -> None:
    now = [5.0]
    patience = Patience.of(lambda: remaining, lambda: now[0])
    now[0] += passed
    assert patience.left() == left


@pytest.mark.parametrize("seconds", [0.01, -1.0])
def test_what_takes_longer_is_ended_and_told(seconds: float) -> None:
    async def work() -> None:
        async with Patience(lambda: seconds).limit("persister"):
            await asyncio.Event().wait()

    with pytest.raises(CallError, match=r"persister: was not done within 0 s \(at most 600 s, and 3 s less"):
        asyncio.run(work())


def test_without_time_nothing_is_begun() -> None:
    async def work() -> None:
        async with Patience(lambda: 0.0).limit("persister"):
            raise AssertionError("begun")

    with pytest.raises(CallError, match="was not done within 0 s"):
        asyncio.run(work())


def test_an_error_of_the_work_passes_through() -> None:
    async def work() -> None:
        async with Patience(lambda: 10.0).limit("persister"):
            raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        asyncio.run(work())


def test_a_part_of_it_begins_when_it_is_asked_for_and_ends_with_the_whole() -> None:
    now = [0.0]
    whole = Patience.of(lambda: 100.0 - now[0], lambda: now[0])
    now[0] = 10.0
    part = whole.at_most(30.0, lambda: now[0])
    assert part.left() == 30.0
    now[0] = 35.0
    assert (part.left(), whole.at_most(300.0, lambda: now[0]).left()) == (5.0, whole.left())
