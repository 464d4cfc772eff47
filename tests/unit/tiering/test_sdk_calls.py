"""How an SDK's errors are judged: expected, passing, or final."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from l3kit.errors import StoreError
from l3kit.tiering.ports import Usage
from l3kit.tiering.retry import Passing, RetryPolicy
from l3kit.tiering.sdk_calls import Failure, Refused, SdkCalls, retry_after


class SdkError(Exception):
    """Carries what the adapter makes of it."""

    def __init__(self, failure: Failure | Passing) -> None:
        super().__init__()
        self.failure = failure


class Calls(SdkCalls):
    def failure(self, kind: str, resource: str, error: Exception) -> Failure | Passing:
        if isinstance(error, SdkError):
            return error.failure
        raise error


def settle(*outcomes: Failure | Passing | int | Exception, expected: frozenset[Any] = frozenset()) -> Any:
    """The outcome of a call, the usage, and the waits."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    calls = Calls(Usage(), RetryPolicy(tries=3, sleep=sleep, random=lambda: 0.0))
    left = list(outcomes)

    async def work() -> int:
        outcome = left.pop(0)
        if isinstance(outcome, int):
            return outcome
        raise outcome if isinstance(outcome, Exception) else SdkError(outcome)

    return asyncio.run(calls.settle("put", "b/k", work, 10, expected)), calls.usage, waits


@pytest.mark.parametrize("expected", ["Taken", 409, "409"])
def test_an_error_that_the_caller_expects_comes_back_by_its_code(expected: Any) -> None:
    outcome, _, _ = settle(Failure(409, "Taken", "Taken"), expected=frozenset({expected}))
    assert outcome == Refused("Taken")


@pytest.mark.parametrize(
    "failure", [Failure(503, "Busy", ""), Failure(429, "x", ""), Failure(0, "x", ""), Passing("was lost")]
)
def test_what_may_pass_is_tried_again_and_each_request_counted(failure: Failure | Passing) -> None:
    outcome, usage, waits = settle(failure, failure, 7)
    assert (outcome, usage.requests, usage.retries, usage.bytes_out) == (7, {"put": 3}, {"put": 2}, 30)
    assert waits == [0.0, 0.0]


def test_a_wait_that_the_service_asks_for_is_kept() -> None:
    assert settle(Failure(503, "Busy", "", asked=2.0), 1)[2] == [2.0]


@pytest.mark.parametrize(
    ("headers", "seconds"), [({"Retry-After": "2"}, 2.0), ({}, 0.0), ({"Retry-After": "Wed, 21 Oct"}, 0.0), (None, 0.0)]
)
def test_seconds_are_read_from_the_header(headers: dict[str, str] | None, seconds: float) -> None:
    assert retry_after(None if headers is None else SimpleNamespace(headers=headers)) == seconds


def test_any_other_refusal_is_final_with_its_remedy() -> None:
    with pytest.raises(StoreError, match=r"b/k: put returned 403 Denied\. Grant it"):
        settle(Failure(403, "Denied", "Denied", "Grant it"))


def test_an_error_that_is_none_of_the_sdks_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        settle(ZeroDivisionError())
