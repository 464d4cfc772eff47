"""The canary on reference stores and the real mover: it takes no reading's place and is always taken back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from l3kit.clouds.ports.checks import Check
from l3kit.errors import CheckFailedError, L3Error
from l3kit.operate import movers
from l3kit.operate.movers import MoverRun
from l3kit.operate.tier_stores import TierStores
from l3kit.operate.verify import report as verification
from l3kit.operate.verify.report import VerifyReport, canary_checks
from l3kit.session import Session
from l3kit.tiering.movers.hot_to_cold import HotToCold
from l3kit.tiering.movers.targets import LocalTarget
from l3kit.tiering.settings.tuning import Tuning
from l3kit.twin.config import Twin
from tests.support.memory_stores import MemoryHotStore, MemoryJournalStore, MemoryObjectStore

TWIN = Twin.load(Path(__file__).parents[4] / "params" / "twins" / "nyc-weather")
DEVICE = TWIN.devices[0].id
SESSION = Session("sandbox", dict.fromkeys(TWIN.providers.model_dump(exclude_none=True).values(), object()))
EPOCH = json.dumps({"iotDeviceId": DEVICE, "id": "1970-01-01T00:00:00Z", "temp": 1}, separators=(",", ":")).encode()
RECENT = json.dumps({"iotDeviceId": DEVICE, "id": "2026-01-01T00:00:00Z", "temp": 2}, separators=(",", ":")).encode()


@dataclass
class World:
    """The twin's stores, and its hot-to-cold mover as it would be deployed."""

    twin: Twin = TWIN
    tuning: Tuning = field(default_factory=Tuning)
    hot: MemoryHotStore = field(default_factory=MemoryHotStore)
    journal: MemoryJournalStore = field(default_factory=MemoryJournalStore)
    cold: MemoryObjectStore = field(default_factory=lambda: MemoryObjectStore("cold"))
    runs: int = 0
    fails: bool = False

    @asynccontextmanager
    async def tiers(self, session: Session, twin: Twin) -> AsyncIterator[TierStores]:
        yield TierStores(self.hot, self.journal, self.cold, None)

    def move(self, session: Session, twin: Twin, function: str, *, time: datetime) -> MoverRun:
        if self.fails:
            raise L3Error(function, "failed: no memory")
        self.runs += 1
        job = HotToCold(
            hot=self.hot,
            journal=self.journal,
            target=LocalTarget(self.cold, self.tuning.compression),
            devices=[device.id for device in self.twin.devices],
            now=time,
            hot_days=self.twin.config.hot_storage_size_in_days,
            run_id=f"run-{self.runs}",
            clock=lambda: datetime(2026, 3, 1, tzinfo=UTC),
            remaining=lambda: 900.0,
            tuning=self.tuning,
        )
        return MoverRun(function, (asyncio.run(job.run()).to_json(),))

    def check(self) -> list[str]:
        return [check.seen for check in canary_checks(SESSION, self.twin)]

    def hot_items(self) -> list[bytes]:
        return list(self.hot.devices.get(DEVICE, {}).values())

    def cold_items(self) -> list[Any]:
        return [item for body in self.cold.bodies().values() for item in json.loads(body)]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    monkeypatch.setattr(verification, "open_tiers", world.tiers)
    monkeypatch.setattr(movers, "run_mover", world.move)
    return world


def test_the_canary_passes_and_leaves_nothing(world: World) -> None:
    asyncio.run(world.hot.put_items(DEVICE, [RECENT]))
    assert world.check() == ["moved", "equal", "gone"]
    assert world.hot_items() == [RECENT]
    assert world.cold.objects == {}


def test_a_reading_of_the_epoch_is_neither_overwritten_nor_removed(world: World) -> None:
    asyncio.run(world.hot.put_items(DEVICE, [EPOCH, RECENT]))
    assert world.check() == ["moved", "equal", "gone"]
    assert world.hot_items() == [RECENT]
    assert world.cold_items() == [json.loads(EPOCH)]


@pytest.mark.parametrize("days", [0, 30, 366, 36000])
def test_the_canary_moves_however_long_items_stay_hot(world: World, days: int) -> None:
    config = TWIN.config.model_copy(update={"hot_storage_size_in_days": days, "cold_storage_size_in_days": days + 1})
    world.twin = replace(TWIN, config=config)
    asyncio.run(world.hot.put_items(DEVICE, [RECENT]))
    assert world.check() == ["moved", "equal", "gone"]
    assert world.hot_items() == [RECENT]


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_the_canary_is_read_from_compressed_chunks(world: World, compression: Any) -> None:
    world.tuning = Tuning(compression=compression)
    assert world.check() == ["moved", "equal", "gone"]
    assert world.cold.objects == {}


def test_a_mover_that_fails_leaves_no_canary_behind(world: World) -> None:
    asyncio.run(world.hot.put_items(DEVICE, [RECENT]))
    world.fails = True
    with pytest.raises(L3Error, match="no memory"):
        world.check()
    assert world.hot_items() == [RECENT]


def test_a_twin_whose_tiers_are_apart_has_no_canary_here(world: World) -> None:
    providers = TWIN.providers.model_copy(update={"layer_3_cold_provider": "azure"})
    world.twin = replace(TWIN, providers=providers)
    assert world.check() == []
    assert world.runs == 0


GOOD = Check("links", "a", "403", "403", True, milliseconds=1.25)
BAD = Check("links", "b", "400", "403", False, "Apply the twin again")


def test_a_report_with_a_failed_check_raises_with_the_remedy() -> None:
    report = VerifyReport((GOOD, BAD))
    with pytest.raises(CheckFailedError, match=r"1 of 2 checks failed: b: 403\. Apply the twin again"):
        report.raise_if_failed()
    assert report.to_json()["passed"] is False
    assert "milliseconds" not in report.to_frame()
    assert list(report.latency_frame()["milliseconds"]) == [1.2]


def test_a_report_without_one_does_not() -> None:
    report = VerifyReport((GOOD,))
    report.raise_if_failed()
    assert report.summary() == "1 check passed"


def test_a_report_shows_the_failed_checks_first_and_keeps_their_order_elsewhere() -> None:
    other = Check("drift", "c", "unchanged", "update", False, "its <policy> differs; run deploy_l3")
    report = VerifyReport((GOOD, BAD, replace(GOOD, subject="d"), other), ("A note.",))
    (shown,) = report.sheet().tables
    assert [row[:3] for row in shown.rows] == [
        ("failed", "links", "b"),
        ("failed", "drift", "c"),
        ("passed", "links", "a"),
        ("passed", "links", "d"),
    ]
    assert [check["subject"] for check in report.to_json()["checks"]] == ["a", "b", "d", "c"]
    assert list(report.to_frame()["subject"]) == ["a", "b", "d", "c"]
    html = report._repr_html_()
    assert (
        html.index("2 of 4 checks failed") < html.index("its &lt;policy&gt; differs; run deploy_l3") < html.index(">a<")
    )
    assert str(report).splitlines()[-1] == "A note."


def test_failed_checks_that_the_sentence_does_not_name_are_counted() -> None:
    report = VerifyReport(tuple(replace(BAD, subject=f"s{n}") for n in range(7)))
    assert report.summary().endswith("s4: 403; and 2 more")
