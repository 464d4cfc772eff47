"""A canary's making: its time has the twin's digits, its token is its own."""

from __future__ import annotations

from datetime import UTC, datetime

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
    canary = Canary.new(digits, NOW)
    assert orjson.loads(canary.message)["id"] == time
    assert token_of(canary.message) == canary.token


def test_each_has_a_token_of_its_own() -> None:
    assert Canary.new(0, NOW).token != Canary.new(0, NOW).token
