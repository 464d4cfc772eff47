"""The page of a device that was erased: when, by which record, what went, and what was not reached."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from l3kit.errors import ConfigurationError
from l3kit.operate.erase.record import RECORD_PREFIX
from l3kit.operate.explain.gather import explain
from l3kit.operate.explain.page import DevicePage
from l3kit.tiering.format.chunks import device_prefix
from l3kit.twin.config import Twin
from l3kit.twin.schedules import Schedule
from tests.support.erasable import NOW, TWIN, A, B, Cloud, Time, item, put_body
from tests.support.moving import Dead
from tests.unit.operate.explain.pages import flat

REMOVED = "once-there"


@dataclass
class Explained(Cloud):
    """A cloud whose pages can be asked for."""

    def schedule(self, twin: Twin, function: str, now: datetime) -> Schedule:
        return Schedule("missing")

    def page(self, device: str = A, now: datetime = NOW) -> DevicePage:
        return explain(self.session(), self.twin, device, now=now)


def filled(*devices: str) -> Explained:
    cloud = Explained()
    cloud.fill(devices or (A, B))
    return cloud


def test_the_page_of_an_erased_device_says_when_what_and_by_which_record() -> None:
    cloud, time = filled(), Time()
    report = cloud.erase(time=time)
    shown = cloud.page(now=time.now + timedelta(hours=1))
    text = flat(shown)
    assert f"; erased at {time.now:%Y-%m-%dT%H:%M:%SZ}" in shown.summary()
    assert f"Erased at {time.now:%Y-%m-%dT%H:%M:%SZ} by ann (asked): 7 items (hot, " in text
    assert f"Recorded in {report.record}." in text
    assert "came in after" not in text
    assert shown.complete


def test_it_says_what_was_not_reached_and_until_when() -> None:
    cloud, time = filled(), Time()
    report = cloud.erase(time=time)
    backups = next(one for one in report.unreached if one.what.startswith("backups"))
    assert backups.until is not None
    until = f"{backups.until:%Y-%m-%dT%H:%M:%SZ}"
    assert f"Not reached: {backups.what}, until {until}. Look there." in flat(cloud.page(now=time.now))
    assert f"Not reached: {backups.what}, until {until}, which is over." in flat(cloud.page(now=backups.until))


def test_json_and_frames_have_the_counts_and_what_was_not_reached() -> None:
    cloud, time = filled(), Time()
    report = cloud.erase(time=time)
    shown = cloud.page(now=time.now)
    (erased,) = json.loads(json.dumps(shown.to_json()))["erased"]
    assert (erased["record"], erased["by"], erased["reason"]) == (report.record, "ann", "asked")
    assert datetime.fromisoformat(erased["finished"]) == time.now
    assert erased["erased"] == list(report.tally.rows())
    assert erased["unreached"] == [one.to_json() for one in report.unreached]
    frame = shown.to_frame().set_index("tier")
    assert frame.loc["hot", "items"] == 0
    assert frame.loc["hot", "erased_items"] == 7
    assert frame.loc["hot", "erased_at"] == f"{time.now:%Y-%m-%dT%H:%M:%SZ}"
    rows = shown.erased_frame()
    assert list(rows["what"]) == [row["what"] for row in report.tally.rows()]
    assert set(rows["record"]) == {report.record}


def test_a_device_that_sends_again_has_both_on_its_page_and_a_second_erase_is_told_too() -> None:
    cloud, time = filled(), Time()
    first = cloud.erase(time=time)
    asyncio.run(cloud.hot.put_items(A, [item(A, n) for n in range(3)]))
    text = flat(cloud.page(now=time.now))
    assert "3 items hot" in text
    assert "What the tiers hold now came in after that." in text
    later = Time()
    later.now = time.now + timedelta(days=1)
    second = cloud.erase(time=later)
    told = cloud.page(now=later.now).to_json()["erased"]
    assert [one["record"] for one in told] == [first.record, second.record]
    assert cloud.page(now=later.now).to_frame().set_index("tier").loc["hot", "erased_items"] == 10
    assert "What the tiers hold now" not in flat(cloud.page(now=later.now))


def test_a_device_that_is_no_longer_listed_has_a_page_once_it_was_erased() -> None:
    cloud, time = filled(REMOVED, B), Time()
    cloud.erase(REMOVED, time=time)
    assert "Erased at" in flat(cloud.page(REMOVED, time.now))
    with pytest.raises(ConfigurationError, match="no tier holds anything of it"):
        cloud.page("never-there")


def test_another_devices_page_and_that_of_one_never_erased_say_nothing() -> None:
    cloud, time = filled(), Time()
    before = flat(cloud.page(B, time.now))
    cloud.erase(time=time)
    assert flat(cloud.page(B, time.now)).replace("paused", "") == before
    assert cloud.page(B).to_json()["erased"] == []
    assert cloud.page(B).to_frame()["erased_items"].isna().all()
    assert cloud.page(B).erased_frame().empty


def test_an_erase_that_was_interrupted_is_told_with_how_to_go_on() -> None:
    cloud = filled()
    for at in range(1, 40):
        with contextlib.suppress(Dead):
            cloud.killed(at, "after").erase()
        if any(key.startswith(RECORD_PREFIX) for key in cloud.archive.objects):
            break
    shown = cloud.page()
    text = flat(shown)
    assert f"An erase begun at 2026-06-01T00:00:00Z has not ended: l3kit erase {TWIN.name} {A} goes on" in text
    assert "not ended" in shown.summary()
    (told,) = shown.to_json()["erased"]
    assert (told["finished"], told["unreached"]) == (None, None)


def test_a_record_of_an_earlier_version_does_not_say_what_was_not_reached() -> None:
    cloud, time = filled(), Time()
    report = cloud.erase(time=time)
    _alter(cloud, report.record, unreached=None)
    assert "Its record does not say what it did not reach." in flat(cloud.page(now=time.now))


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"finished":"noon"}', b'{"finished":1,"erased":[]}'])
def test_a_record_that_cannot_be_read_is_a_gap(body: bytes) -> None:
    cloud = filled()
    key = f"{RECORD_PREFIX}{device_prefix(A)}20260501T000000.000000Z/done.json"
    put_body(cloud.archive, key, body)
    shown = cloud.page()
    assert not shown.complete
    assert f"record {key}: cannot be read" in flat(shown)


def _alter(cloud: Cloud, key: str, **changes: Any) -> None:
    content = json.loads(cloud.archive.bodies()[key]) | changes
    content = {name: value for name, value in content.items() if value is not None}
    del cloud.archive.objects[key]
    put_body(cloud.archive, key, json.dumps(content).encode())
