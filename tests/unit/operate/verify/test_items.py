"""Checks of items in the hot tier: what was looked at, where the look ended, and what cannot be moved."""

from __future__ import annotations

import asyncio
import json

import pytest

from l3kit.operate.hot_census import DeviceCensus
from l3kit.operate.verify.items import Limits, check_items, unreached_checks
from l3kit.tiering.ports import Page
from tests.unit.operate.counted_tiers import EPOCH, NOW, TWIN, Forbidding, Refusing, hot

LISTED = [device.id for device in TWIN.devices]


@pytest.mark.parametrize(
    ("keys", "seen", "passed"),
    [
        ([], "no item", True),
        (["2026-05-01T00:00:00Z", "2026-05-01T00:00:00.5+00:00"], "ISO 8601 in UTC", True),
        ([EPOCH, "1780216200251"], "epoch milliseconds (2): nothing would ever be moved", False),
        (
            [EPOCH, "2026-05-01T00:00:00Z", "2026-05-02T00:00:00Z"],
            "ISO 8601 in UTC (2), epoch milliseconds (1): 1 never move",
            False,
        ),
    ],
)
def test_the_form_of_a_table_is_told_on_the_first_look(keys: list[str], seen: str, passed: bool) -> None:
    forms, listed = asyncio.run(check_items(hot(JFK=keys), LISTED, NOW)).checks
    assert (forms.seen, forms.passed) == (seen, passed)
    assert passed or "must be written like 2026-05-31T08:30:00.25Z. docs/reference/items.md says how" in forms.hint
    assert (listed.seen, listed.passed) == ("all listed", True)


def test_a_check_says_where_its_look_ended() -> None:
    store = hot(**{LISTED[0]: [f"2026-05-01T00:{minute:02}:00Z" for minute in range(60)], "a": ["x"], "b": ["x"]})
    found = asyncio.run(check_items(store, LISTED, NOW, Limits(100, 1, 1, 1)))
    assert all(check.passed for check in found.checks)
    assert "hot items were checked, not all" in found.notes[0]
    assert f"The hot items of 1 of {len(LISTED)} devices" in found.notes[1]
    assert "in a part of the hot tier" in found.notes[2]


def test_a_refused_look_fails_its_check_and_unlisted_devices_do_not() -> None:
    refused = asyncio.run(check_items(Forbidding(), LISTED, NOW)).checks[1]
    assert (refused.passed, refused.hint) == (False, "Run deploy_l3")
    found = asyncio.run(check_items(hot(stray=["x"]), LISTED, NOW))
    assert (found.checks[1].seen, found.checks[1].passed) == ("1 not listed", True)
    assert "stray" in found.notes[0]


def test_a_check_tells_items_that_cannot_be_written_as_json() -> None:
    store = Refusing()
    asyncio.run(
        store.put_items(LISTED[0], [json.dumps({"iotDeviceId": LISTED[0], "id": "2026-01-01T00:00:00Z"}).encode()])
    )
    assert "holds NaN" in asyncio.run(check_items(store, LISTED, NOW)).notes[0]


def test_a_hot_tier_that_is_not_reached_fails_its_check() -> None:
    (check,) = unreached_checks("gcp").checks
    assert (check.passed, check.seen) == (False, "is on gcp, which this session does not reach")
    assert check.hint == "Connect to gcp as well"


def test_a_census_of_nothing_names_nothing() -> None:
    census = DeviceCensus("d")
    census.count(Page([], [], None), NOW)
    assert (census.items, census.first, census.never_moved) == (0, "", 0)
