"""The one loop by which all adapters try again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from l3kit.errors import StoreError
from l3kit.tiering.ports import Usage
from l3kit.tiering.retry import Passing, RetryPolicy


def trying(*outcomes: str | Passing, policy: RetryPolicy, usage: Usage) -> str:
    left = list(outcomes)

    async def attempt() -> str | Passing:
        return left.pop(0)

    return asyncio.run(policy.until_settled(usage, "put", "bucket b", attempt))


def policy(slept: list[float], **more: float) -> RetryPolicy:
    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    waits: Callable[[float], Awaitable[None]] = sleep
    return RetryPolicy(tries=4, base=1.0, cap=3.0, sleep=waits, random=lambda: 1.0, **more)


def test_what_settles_it_is_returned_and_each_repetition_is_counted() -> None:
    slept: list[float] = []
    usage = Usage()
    assert trying(Passing("busy"), Passing("busy"), "done", policy=policy(slept), usage=usage) == "done"
    assert slept == [1.0, 2.0]
    assert usage.retries == {"put": 2}


def test_waits_double_up_to_the_cap_and_the_last_failure_is_told_with_its_remedy() -> None:
    slept: list[float] = []
    causes = [Passing(f"answered {n}", remedy=f"remedy {n}") for n in range(4)]
    with pytest.raises(StoreError, match=r"bucket b: answered 3; gave up after 4 tries.*remedy 3"):
        trying(*causes, policy=policy(slept), usage=Usage())
    assert slept == [1.0, 2.0, 3.0]


def test_a_wait_that_the_service_names_is_kept_but_not_beyond_the_longest() -> None:
    slept: list[float] = []
    trying(
        Passing("throttled", 2.5), Passing("throttled", 900), "done", policy=policy(slept, longest=60), usage=Usage()
    )
    assert slept == [2.5, 60]


def test_what_no_repetition_cures_ends_at_once() -> None:
    slept: list[float] = []
    calls: list[int] = []

    async def attempt() -> str | Passing:
        calls.append(1)
        raise StoreError("bucket b", "is missing")

    with pytest.raises(StoreError, match="is missing"):
        asyncio.run(policy(slept).until_settled(Usage(), "put", "bucket b", attempt))
    assert (len(calls), slept) == (1, [])


def test_what_a_store_leaves_of_a_batch_is_sent_again_until_none_is_left() -> None:
    slept: list[float] = []
    usage = Usage()
    sent: list[list[str]] = []

    async def send(batch: list[str]) -> list[str]:
        sent.append(batch)
        return batch[1:]

    asyncio.run(policy(slept).until_none_left(usage, "batch_put", "table t", ["a", "b", "c"], send))
    assert sent == [["a", "b", "c"], ["b", "c"], ["c"]]
    assert (slept, usage.retries) == ([1.0, 2.0], {"batch_put": 2})


def test_a_batch_of_which_some_is_always_left_is_given_up() -> None:
    async def send(batch: bytes) -> bytes:
        return batch

    with pytest.raises(StoreError, match="table t: left items of a batch unwritten in 20 tries"):
        asyncio.run(policy([]).until_none_left(Usage(), "batch_put", "table t", b"[1]", send))
