"""A device's page read from real stores, after each step of its items' way down the tiers."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from l3kit.cli import main
from l3kit.errors import ConfigurationError
from l3kit.operate.coroutines import run
from l3kit.operate.explain.gather import explain
from l3kit.operate.explain.page import DevicePage
from l3kit.operate.movers import run_mover
from l3kit.operate.tier_stores import TierStores, open_tiers
from l3kit.session import Session
from l3kit.tiering.format.chunk_filler import ChunkFiller
from l3kit.tiering.format.chunks import Chunk, Draft
from l3kit.tiering.journal import DeviceJournal
from l3kit.tiering.movers.local_target import LocalTarget
from l3kit.tiering.ports import Page
from l3kit.twin.config import Twin
from l3kit.twin.devices import Device
from tests.integration.aws.conftest import MakeTwin, deploy
from tests.support.operators import root_of

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]  # `crash_lab` shows pages in `make test`
NOW = datetime(2026, 6, 1, tzinfo=UTC)
DEVICE = "pump-1"
DEAD = "run-of-the-dead"


def item(days_old: float, value: int = 1) -> bytes:
    return json.dumps({"iotDeviceId": DEVICE, "id": stamp(days_old), "value": value}, separators=(",", ":")).encode()


def stamp(days_old: float) -> str:
    return (NOW - timedelta(days=days_old)).strftime("%Y-%m-%dT%H:%M:%SZ")


def put(session: Session, twin: Twin, items: list[bytes]) -> None:
    async def steps() -> None:
        async with open_tiers(root_of(session), twin) as stores:
            assert stores.hot is not None
            await stores.hot.put_items(DEVICE, items)

    run(steps())


def die(session: Session, twin: Twin, before: str, *, stored: bool = False) -> str:
    """Do what a mover does that started at NOW and dies after noting a chunk, or after storing it. Returns its key."""

    async def steps(stores: TierStores) -> str:
        assert stores.hot
        assert stores.journal
        assert stores.cold
        journal = DeviceJournal(stores.journal, DEVICE, DEAD, lambda: NOW)
        record = await journal.look()
        chunk, draft = await drafted(stores, before, record.next_number)
        await journal.begin(chunk, draft)
        if stored:
            await LocalTarget(stores.cold).store(chunk)
            await journal.stored()
        return str(chunk.key)

    async def opened() -> str:
        async with open_tiers(root_of(session), twin) as stores:
            return await steps(stores)

    return run(opened())


async def drafted(stores: TierStores, before: str, number: int) -> tuple[Chunk, Draft]:
    assert stores.hot
    filler = ChunkFiller()
    filler.add(await stores.hot.read_page(DEVICE, before=before))
    draft, body = filler.draft()
    return draft.chunk(DEVICE, number, "none", body), draft


def scheduled(twin: Twin, expression: str) -> Twin:
    path = twin.path / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "mover_schedule": expression}))
    return Twin.load(twin.path)


def explained(session: Session, twin: Twin, *, now: datetime = NOW) -> tuple[DevicePage, str]:
    """The page, and its text without line breaks."""
    page = explain(session, twin, DEVICE, now=now)
    assert len(str(page).splitlines()) <= 40
    return page, " ".join(str(page).split())


def counts(page: DevicePage) -> list[tuple[int, int, str, str]]:
    return [(tier.items, tier.objects, tier.first, tier.last) for tier in page.tiers]


NOTHING = (0, 0, "", "")


def test_the_page_follows_the_items_down_the_tiers(session: Session, make_twin: MakeTwin) -> None:
    twin = scheduled(make_twin(), "cron(0 3 * * ? *)")
    deploy(twin, session)
    page, text = explained(session, twin)
    assert counts(page) == [NOTHING] * 3
    assert "No run has held the device yet." in text
    assert "Both movers run next at 2026-06-01T03:00:00Z, by cron(0 3 * * ? *); in a sandbox, when fired" in text

    items = [item(n) for n in range(120)]
    put(session, twin, items)
    page, text = explained(session, twin)
    assert counts(page) == [(120, 0, stamp(119), stamp(0)), NOTHING, NOTHING]
    assert page.tiers[0].bytes == sum(map(len, items))
    assert "are due: 89 now, 90 at the next run." in text

    first = run_mover(session, twin, "hot-to-cold-mover", time=NOW - timedelta(days=60))
    page, text = explained(session, twin)
    assert counts(page) == [(91, 0, stamp(90), stamp(0)), (29, 1, stamp(119), stamp(91)), NOTHING]
    assert f"Moved below the hot tier: 29 items, {first.total('bytes') / 1024:,.1f} KiB of JSON, in 1 chunk;" in text
    assert "No chunk is under way. The device is free;" in text
    assert f"The first to go is {first.reports[0]['devices'][0]['keys'][0]}, due since {stamp(1)}." in text
    assert page.due(NOW) == run_mover(session, twin, "hot-to-cold-mover", time=NOW).total("items") == 60

    archived = run_mover(session, twin, "cold-to-archive-mover", time=NOW)
    page, text = explained(session, twin)
    assert counts(page) == [
        (31, 0, stamp(30), stamp(0)),
        (60, 1, stamp(90), stamp(31)),
        (29, 1, stamp(119), stamp(91)),
    ]
    assert page.tiers[2].bytes == archived.total("bytes")
    assert "go to the archive: 0 now, 0 at the next run." in text
    assert f"The oldest that is not due yet, {stamp(30)}, becomes due at {stamp(0)}." in text
    assert "Between the tiers" not in text

    put(session, twin, [item(100.5), item(40)])
    page, text = explained(session, twin)
    assert page.late == 2
    assert "are due: 2 now, 3 at the next run." in text
    assert run_mover(session, twin, "hot-to-cold-mover", time=NOW).total("items") == 2
    page, text = explained(session, twin)
    assert (page.late, page.tiers[1].items) == (0, 62)
    assert f"Cold begins at {stamp(100.5)}, before the archive ends, {stamp(91)}:" in text


@pytest.fixture
def interrupted(session: Session, make_twin: MakeTwin) -> Twin:
    """A twin of the test's own, since its movers are to die."""
    twin = make_twin()
    deploy(twin, session)
    return twin


@pytest.fixture(scope="module")
def read_only(session: Session, make_twin: MakeTwin) -> Twin:
    """A twin with one item, for tests that change nothing."""
    twin = make_twin()
    deploy(twin, session)
    put(session, twin, [item(1)])
    return twin


def test_a_chunk_whose_run_died_is_told_and_the_next_run_does_what_the_page_said(
    interrupted: Twin, session: Session
) -> None:
    put(session, interrupted, [item(n) for n in range(50)])
    key = die(session, interrupted, stamp(35))
    page, text = explained(session, interrupted, now=NOW + timedelta(seconds=20))
    assert f"Chunk 1 is writing: {key}, 14 items," in text
    assert f"Run {DEAD} holds the device until 2026-06-01T00:02:00Z, 100 s from now;" in text
    page, text = explained(session, interrupted, now=NOW + timedelta(seconds=121))
    assert f"Run {DEAD} let its lease run out at 2026-06-01T00:02:00Z" in text
    assert "a later run rebuilds it, stores it under the same key" in text
    assert page.due(NOW) == 5
    (report,) = run_mover(session, interrupted, "hot-to-cold-mover", time=NOW).reports
    assert report["devices"][0]["keys"][0] == key
    page, text = explained(session, interrupted)
    assert [tier.items for tier in page.tiers] == [31, 19, 0]
    assert "No chunk is under way." in text


def test_a_chunk_with_rewritten_items_is_sealed_as_the_page_said(interrupted: Twin, session: Session) -> None:
    put(session, interrupted, [item(n) for n in (60, 61, 62)])
    key = die(session, interrupted, stamp(59))
    put(session, interrupted, [item(61, value=2)])
    _, text = explained(session, interrupted)
    assert "Rewritten or gone: 1 item of it. A later run seals the key with an empty chunk" in text
    (report,) = run_mover(session, interrupted, "hot-to-cold-mover", time=NOW).reports
    assert f"{key} of an interrupted run was abandoned" in report["devices"][0]["notes"][0]
    page, text = explained(session, interrupted)
    assert [tier.items for tier in page.tiers] == [0, 3, 0]
    assert "In the cold tier besides: 1 empty seal of interrupted runs" in text


def test_a_stored_chunk_is_counted_once_and_only_its_deletes_remain(interrupted: Twin, session: Session) -> None:
    put(session, interrupted, [item(n) for n in (70, 71, 72)])
    die(session, interrupted, stamp(69), stored=True)
    put(session, interrupted, [item(71, value=2)])
    page, text = explained(session, interrupted)
    assert [tier.items for tier in page.tiers] == [3, 3, 0]
    assert "deletes what is hot as it was stored, 2 items; rewritten since, so staying: 1 item." in text
    assert "Counted in two tiers: 2 items" in text
    run_mover(session, interrupted, "hot-to-cold-mover", time=NOW)
    page, text = explained(session, interrupted)
    assert [tier.items for tier in page.tiers] == [0, 4, 0]
    assert "Counted in two tiers" not in text


def test_a_device_removed_from_the_config_is_shown_and_an_unknown_one_refused(
    read_only: Twin, session: Session
) -> None:
    without = replace(read_only, devices=(Device(id="pump-2"),))
    _, text = explained(session, without)
    assert "The device is no longer in the twin's config" in text
    with pytest.raises(ConfigurationError, match=r"no tier holds anything of it\. Devices: pump-2"):
        explain(session, without, "pump-3", now=NOW)
    with pytest.raises(ConfigurationError, match="has no time zone"):
        explain(session, without, DEVICE, now=NOW.replace(tzinfo=None))


def test_a_tier_on_a_cloud_out_of_reach_is_named_and_the_others_are_counted(
    session: Session, make_twin: MakeTwin
) -> None:
    twin = make_twin("azure", "aws", "aws")
    deploy(twin, session)
    draft, body = ten_items()

    async def receive() -> None:
        async with open_tiers(root_of(session), twin) as stores:
            assert stores.cold
            await LocalTarget(stores.cold).store(draft.chunk(DEVICE, 1, "none", body))

    run(receive())
    page, text = explained(session, twin)
    assert counts(page) == [NOTHING, (10, 1, stamp(109), stamp(100)), NOTHING]
    assert "hot azure ? ? ? not reached from this session" in text
    assert "The journal is on azure with the hot tier, which this session does not reach." in text
    assert "The hot-to-cold mover is scheduled on a cloud that this session does not reach." in text
    assert f"due since {stamp(10)}." in text


def ten_items() -> tuple[Draft, bytes]:
    filler = ChunkFiller()
    ages = range(109, 99, -1)
    filler.add(Page([stamp(n) for n in ages], [item(n) for n in ages], None))
    return filler.draft()


def test_the_command_line_prints_the_page_of_a_running_sandbox(
    read_only: Twin, session: Session, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("L3KIT_SANDBOX_HOME", str(session.sandbox_home))
    arguments = ["explain", str(read_only.path), DEVICE, "--now", "2026-06-01T00:00:00Z"]
    page, _ = explained(session, read_only)
    assert main(arguments) == 0
    assert capsys.readouterr().out == f"{page}\n"
    assert main([*arguments, "--json"]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert told == json.loads(json.dumps(page.to_json()))
    assert main(["explain", str(read_only.path), "pump-9", "--json"]) == 1
    assert "pump-1" in json.loads(capsys.readouterr().out)["error"]["remedy"]
