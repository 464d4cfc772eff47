"""Waiting for a cloud: growing pauses, an end, and a name for what did not become ready."""

from __future__ import annotations

import pytest

from l3kit.clouds.shared.waiting import wait_until
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


def test_waiting_polls_with_growing_pauses_until_ready() -> None:
    time, answers = Time(), iter([False, False, False, True])
    wait_until(lambda: next(answers), "it is ready", 60, sleep=time.sleep, clock=time.clock)
    assert time.waits == sorted(time.waits)
    assert len(time.waits) == 3


def test_waiting_ends_at_its_limit_and_says_for_what() -> None:
    time = Time()
    with pytest.raises(ProvisioningError, match="table x is active: did not happen within 30 s"):
        wait_until(lambda: False, "table x is active", 30, sleep=time.sleep, clock=time.clock)
    assert time.now <= 30
    assert max(time.waits) <= 5
