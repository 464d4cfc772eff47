"""A canary's making: its time has the twin's digits, its token is its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from l3kit.operate.verify.canary import Canary
from l3kit.tiering.format.canary import token_of

NOW = datetime(2026, 6, 1, 23, 59, 59, 999_999, tzinfo=UTC)


@pytest.mark.parametrize(
    ("digits", "time"),
    [
        (0, "2026-06-01T23:59:59Z"),
        (3, "2026-06-01T23:59:59.999Z"),
        (6, "2026-06-01T23:59:59.999999Z"),
        (9, "2026-06-01T23:59:59.999999000Z"),
    ],
)
def test_its_time_is_cut_off_to_the_twin_s_digits(digits: int, time: str) -> None:
    canary = Canary.new(digits, NOW, pick=lambda below: 0)
    assert orjson.loads(canary.message)["id"] == time
    assert token_of(canary.message) == canary.token


@pytest.mark.parametrize("digits", [0, 3, 9])
def test_it_is_up_to_a_quarter_of_an_hour_older_than_the_present(digits: int) -> None:
    asked: list[int] = []

    def last(below: int) -> int:
        asked.append(below)
        return below - 1

    time = datetime.fromisoformat(orjson.loads(Canary.new(digits, NOW, pick=last).message)["id"])
    assert asked == [900 * 10**digits]
    assert timedelta(seconds=899) <= NOW - time <= timedelta(seconds=900)


def test_each_has_a_token_of_its_own() -> None:
    assert Canary.new(0, NOW).token != Canary.new(0, NOW).token


@pytest.mark.parametrize(
    ("minutes", "may"), [(0, False), (39, False), (41, True), (-39, False), (-41, True), (60 * 24 * 365, True)]
)
def test_another_canary_may_be_removed_once_no_check_awaits_it(minutes: int, may: bool) -> None:
    canary, time = Canary.new(0, NOW), (NOW - timedelta(minutes=minutes)).isoformat()
    assert canary.may_remove("another", time, NOW) is may
    assert canary.may_remove(canary.token, time, NOW)
    assert canary.may_remove(None, "no time", NOW)
