"""Which letters are wanted: by problem, device and time of receipt; a choice that is none is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from l3kit.errors import ConfigurationError
from tests.support.chain import ChainWorld
from tests.unit.operate.letters.listed_letters import THREE, listed, world_with


@pytest.mark.parametrize(
    ("chosen", "devices"),
    [
        ({"problem": "superseded"}, {"sensor-2"}),
        ({"problem": ["superseded", "no-time"]}, {"sensor-1", "sensor-2", None}),
        ({"device": "sensor-1"}, {"sensor-1"}),
        ({"since": "2026-03-01"}, {"sensor-1", "sensor-2"}),
        ({"since": datetime(2026, 3, 1, 12, tzinfo=UTC)}, {"sensor-1"}),
        ({"since": "2026-03-02T00:00:00Z"}, set()),
        ({"problem": "no-time", "since": "2026-02-20T08:00:00Z"}, {"sensor-1", None}),
    ],
)
def test_letters_are_chosen_by_problem_device_and_time(chosen: dict[str, Any], devices: set[str | None]) -> None:
    assert {row.device for row in listed(world_with(*THREE), **chosen).rows} == devices


def test_letters_of_unknown_device_are_told_where_a_device_is_chosen() -> None:
    report = listed(world_with(*THREE), device="sensor-1")
    assert report.notes == ("1 letter names no device, so a choice by device leaves them out",)


@pytest.mark.parametrize(
    ("chosen", "named"),
    [
        ({"since": "yesterday"}, "since 'yesterday'"),
        ({"limit": 0}, "limit: 0 is not a number"),
        ({"problem": "no_time"}, "problem: no_time: not known. Known: .*no-time"),
    ],
)
def test_a_choice_that_is_none_is_refused(chosen: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        listed(ChainWorld(), **chosen)
