"""All 27 layouts, each from nothing to nothing: deploy, load, move through both borders, verify, query, destroy."""

from __future__ import annotations

import itertools
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from l3kit.deploy import apply, destroy, plan, plan_destroy
from l3kit.errors import L3Error
from l3kit.operate.explain.gather import explain
from l3kit.operate.inventory import tiers
from l3kit.operate.movers import run_mover
from l3kit.operate.query import query
from l3kit.operate.telemetry import put_telemetry
from l3kit.operate.verify.links import check_links
from l3kit.operate.verify.report import verify
from l3kit.providers import names as provider_names
from l3kit.session import Session, reached
from l3kit.twin.config import Twin
from tests.support.twins import with_reader_urls

pytestmark = pytest.mark.sandbox

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DEVICES = ["pump-1", "传感器 ä+2"]
AGES = (200, 60, 5)
"""Days: for the archive, the cold and the hot tier of a twin with 30 and 90."""
VALUES: tuple[Any, ...] = (
    'quotes " and \\ and \n and 传感器 🌡',
    "",
    None,
    True,
    12345678901234567890,
    {"inner": {"deep": [{"a": ""}, [1, [2]]]}, "键": None, "$binary": "no tag"},
    [1, "two", None, [True, {}], []],
)
EXACT = "12345678901234567890123456789.0123456"
"""A number that no double holds."""
LAYOUTS = list(itertools.product(provider_names(), repeat=3))
"""The notebooks of the fast part deploy, move through and destroy the first example twin's layout, on three clouds."""


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS, ids="-".join)
def test_a_layout_works_from_nothing_to_nothing(
    clouds: Session,
    make_twin: Callable[..., Twin],
    layout: tuple[str, str, str],
    record_property: Callable[[str, object], None],
) -> None:
    started = time.monotonic()
    twin = with_reader_urls(make_twin(*layout, devices=DEVICES).path, borders(layout) == 2)
    deploy_twice(clouds, twin)
    oldest, *younger = AGES
    written = load(clouds, twin, [oldest])
    check_links(clouds, twin)
    move(clouds, twin, "hot-to-cold-mover", 42)
    move(clouds, twin, "cold-to-archive-mover", 42)
    written += load(clouds, twin, younger)
    move(clouds, twin, "hot-to-cold-mover", 42)
    found = tiers(clouds, twin)
    assert found.complete, found.summary()
    assert [found.total(tier) for tier in ("hot", "cold", "archive")] == [42, 42, 42]
    report = verify(clouds, twin)
    assert not report.failed, report.summary()
    assert {"canary", "drift", "functions", "schedules"} <= {check.group for check in report.checks}
    readers = len(twin.layout.entrances) - borders(layout)
    of_a_link = 5 if twin.config.link_auth == "signature" else 4
    assert sum(check.group == "links" for check in report.checks) == of_a_link * borders(layout) + 4 * readers
    assert sum((queried(clouds, twin, device) for device in DEVICES), Counter()) == written
    ask_the_readers(clouds, twin)
    assert_explained(clouds, twin)
    assert_gone(clouds, twin)
    record_property("layout", "-".join(layout))
    record_property("layout_seconds", time.monotonic() - started)


@pytest.mark.slow
@pytest.mark.parametrize("layout", [("gcp", "aws", "azure"), ("azure", "gcp", "aws")], ids="-".join)
def test_a_layout_of_signed_links_works_from_nothing_to_nothing(
    clouds: Session,
    make_twin: Callable[..., Twin],
    layout: tuple[str, str, str],
    record_property: Callable[[str, object], None],
) -> None:
    signed = partial(make_twin, link_auth="signature")
    test_a_layout_works_from_nothing_to_nothing(clouds, signed, layout, record_property)


def borders(layout: tuple[str, str, str]) -> int:
    return sum(one != other for one, other in itertools.pairwise(layout))


def deploy_twice(session: Session, twin: Twin) -> None:
    applied = apply(plan(twin, session), session)
    assert applied.done
    made = [step for step in applied.done if step.kind != "APIs of project"]  # enabled by the first twin of a sandbox
    assert made
    assert all(step.action == "create" for step in made)
    again = plan(twin, session)
    assert not again.changes, again


def load(session: Session, twin: Twin, ages: Sequence[int]) -> Counter[str]:
    """Put 21 items of each device and age. Returns: what the tiers together must hold of them."""
    readings = [(device, item(device, days, n)) for device in DEVICES for days in ages for n in range(21)]
    put_telemetry(session, twin, readings)
    return Counter(canonical(json.loads(one, parse_float=Decimal)) for _, one in readings)


def item(device: str, days: int, number: int) -> bytes:
    stamp = (NOW - timedelta(days=days) + timedelta(minutes=number)).strftime("%Y-%m-%dT%H:%M:%SZ")
    content = {
        "iotDeviceId": device,
        "id": stamp,
        "value": VALUES[number % len(VALUES)],
        "exact": "EXACT",
        "tenth": 0.1,
    }
    return json.dumps(content, ensure_ascii=False).replace('"EXACT"', EXACT).encode()


def canonical(content: Any) -> str:
    return json.dumps(content, sort_keys=True, default=str)


def move(session: Session, twin: Twin, mover: str, items: int) -> None:
    """Run it; a second run finds nothing more."""
    moved = run_mover(session, twin, mover, time=NOW)
    assert (moved.verdict, moved.total("items")) == ("complete", items), moved.summary()
    again = run_mover(session, twin, mover, time=NOW)
    assert (again.verdict, again.total("items")) == ("complete", 0), again.summary()


def queried(session: Session, twin: Twin, device: str) -> Counter[str]:
    """The device's items from all tiers, each as often as it was found."""
    found = query(session, twin, device)
    if found.missing:
        found = found.request_restore(1).wait(30, sleep=lambda seconds: None)
    assert found.complete
    assert found.duplicates == 0
    return Counter(canonical({k: v for k, v in row.items() if k != "tier"}) for row in found.rows)


def ask_the_readers(session: Session, twin: Twin) -> None:
    """Both deployed readers see what is still in the hot tier, digit by digit."""
    cloud = reached(session, twin.layout.hot, "the readers")
    asked = {"iot_device_id": DEVICES[1]}
    history = cloud.invoke(twin, "hot-reader", asked | {"limit": 20})
    assert len(history["items"]) == 20
    rest = cloud.invoke(twin, "hot-reader", asked | {"next": history["next"]})
    newest = json.loads(item(DEVICES[1], AGES[-1], 20))
    assert [one["id"] for one in rest["items"]] == [newest["id"]]
    assert cloud.invoke(twin, "hot-reader-last-entry", asked)["item"]["id"] == newest["id"]
    with pytest.raises(L3Error, match="device"):
        cloud.invoke(twin, "hot-reader", {})


def assert_explained(session: Session, twin: Twin) -> None:
    page = explain(session, twin, DEVICES[0], now=NOW).to_json()
    text = json.dumps(page, ensure_ascii=False)
    assert "not reached" not in text
    for tier in ("hot", "cold", "archive"):
        assert twin.layout.tier(tier) in text


def assert_gone(session: Session, twin: Twin) -> None:
    destroyed = destroy(twin, session, data=True)
    assert destroyed.done
    left = plan_destroy(twin, session, data=True)
    assert not left.changes, left
    assert not any(connection.url or connection.token for connection in session.link_file(twin).load().values())
