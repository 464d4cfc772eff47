"""Patience with a control plane: requests repeated by one rule, waits that end and say for what."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from l3kit.clouds.ports.control import Refusal
from l3kit.clouds.shared.patience import BUSY, Patience, UnansweredError
from l3kit.errors import ProvisioningError


class Time:
    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def clock(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def patience(time: Time) -> Patience:
    return Patience(tries=4, sleep=time.sleep, clock=time.clock, random=lambda: 1.0)


class Script:
    """A call with these outcomes, in turn."""

    def __init__(self, *outcomes: object) -> None:
        self._outcomes: Iterator[object] = iter(outcomes)
        self.calls = 0

    def __call__(self) -> object:
        self.calls += 1
        outcome = next(self._outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


@pytest.mark.parametrize("failure", [*map(Refusal, sorted(BUSY)), UnansweredError("cut off")], ids=str)
def test_a_request_is_repeated_while_the_cloud_is_busy_or_silent(
    patience: Patience, time: Time, failure: Exception
) -> None:
    script = Script(failure, failure, "done")
    assert patience.send(script) == "done"
    assert time.waits == [0.5, 1.0]


def test_the_wait_that_the_cloud_asks_for_is_kept_up_to_a_limit(patience: Patience, time: Time) -> None:
    patience.send(Script(Refusal(429, wait=7), Refusal(503, wait=900), "done"))
    assert time.waits == [7, 60]


def test_any_other_refusal_is_final(patience: Patience, time: Time) -> None:
    script = Script(Refusal(409, "ALREADY_EXISTS"))
    with pytest.raises(Refusal, match="409 ALREADY_EXISTS"):
        patience.send(script)
    assert time.waits == []


@pytest.mark.parametrize("failure", [Refusal(503), UnansweredError("cut off")], ids=str)
def test_the_last_failure_is_told_after_all_tries(patience: Patience, failure: Exception) -> None:
    script = Script(*[failure] * 9)
    with pytest.raises(type(failure)):
        patience.send(script)
    assert script.calls == patience.tries


def test_a_state_is_read_until_it_is_final(patience: Patience) -> None:
    assert patience.poll(Script(1, 2, 3), lambda state: state == 3, "it is 3", 60) == 3


def test_a_call_is_repeated_while_its_refusal_passes_and_returns_what_it_returns(patience: Patience) -> None:
    script = Script(Refusal(404), Refusal(404), None)
    assert patience.retry_while(script, lambda refusal: refusal.status == 404, "it is known", 60) is None
    assert script.calls == 3


def test_a_refusal_that_does_not_pass_is_final(patience: Patience) -> None:
    with pytest.raises(Refusal):
        patience.retry_while(Script(Refusal(403)), lambda refusal: False, "it is known", 60)


def test_the_limit_names_what_was_awaited(patience: Patience, time: Time) -> None:
    with pytest.raises(ProvisioningError, match="account x is known: did not happen within 30 s"):
        patience.retry_while(Script(*[Refusal(404)] * 99), lambda refusal: True, "account x is known", 30)
    assert time.now <= 30
