"""Deployed functions at work: in one cloud, across clouds by writers, started by schedules, read by readers."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from l3kit import sandbox as l3kit_sandbox
from l3kit.deploy import plan
from l3kit.errors import L3Error, ProvisioningError
from l3kit.examples.prepare import holds_readings, prepare_example
from l3kit.operate.coroutines import run
from l3kit.operate.inventory import tiers
from l3kit.operate.movers import run_mover
from l3kit.operate.open_twin import OpenTwin
from l3kit.operate.query import query
from l3kit.operate.tier_stores import open_tiers
from l3kit.operate.verify.report import verify
from l3kit.operate.weather import WEATHER_FILE
from l3kit.session import Session
from l3kit.tiering.format.chunks import RESERVED_PREFIX
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import MakeTwin, deploy, save_link, saved_links
from tests.support.accounts import aws_of

pytestmark = pytest.mark.sandbox
NOW = datetime(2026, 6, 1, tzinfo=UTC)
DEVICE = "pump-1"


def item(days_old: int, **more: Any) -> bytes:
    stamp = (NOW - timedelta(days=days_old)).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = json.dumps({"iotDeviceId": DEVICE, "id": stamp, **more}, ensure_ascii=False, separators=(",", ":"))
    return text.replace('"EXACT"', "12345678901234567890123456789.0123456").encode()


ITEMS = [item(n, value="EXACT", note='传感器 "quoted"', nested={"a": [None, True, ""]}) for n in range(120)]


def put(session: Session, twin: Twin, items: list[bytes]) -> None:
    async def steps() -> None:
        async with open_tiers(session, twin) as stores:
            assert stores.hot is not None
            await stores.hot.put_items(DEVICE, items)

    run(steps())


def stored(session: Session, twin: Twin, tier: str) -> Counter[str]:
    """All items of the chunks in a tier, archived ones restored, numbers by their text."""

    async def steps() -> Counter[str]:
        found: Counter[str] = Counter()
        async with open_tiers(session, twin) as stores:
            store = stores.cold if tier == "cold" else stores.archive
            assert store is not None
            keys = [info.key async for info in store.list() if not info.key.startswith(RESERVED_PREFIX)]
            for key in keys:
                if tier == "archive":
                    await store.restore(key, days=1)
                found.update(canonical(entry) for entry in parse(await store.read(key)))
        return found

    return run(steps())


def parse(body: bytes) -> list[Any]:
    entries: list[Any] = json.loads(body, parse_float=str, parse_int=str)
    return entries


def canonical(entry: Any) -> str:
    return json.dumps(entry, sort_keys=True, ensure_ascii=False)


def wanted(items: list[bytes]) -> Counter[str]:
    return Counter(canonical(json.loads(i, parse_float=str, parse_int=str)) for i in items)


@pytest.fixture(scope="module")
def single(session: Session, make_twin: MakeTwin) -> Twin:
    twin = make_twin()
    deploy(twin, session)
    return twin


def test_items_go_down_the_tiers_of_one_cloud_and_are_read_back_from_all(single: Twin, session: Session) -> None:
    put(session, single, ITEMS)
    first = run_mover(session, single, "hot-to-cold-mover", time=NOW - timedelta(days=60))
    assert (first.verdict, first.total("items")) == ("complete", 29)
    second = run_mover(session, single, "hot-to-cold-mover", time=NOW)
    assert (second.verdict, second.total("items")) == ("complete", 60)
    archived = run_mover(session, single, "cold-to-archive-mover", time=NOW)
    assert archived.verdict == "complete"
    counts = tiers(session, single)
    assert [counts.total(tier) for tier in ("hot", "cold", "archive")] == [31, 60, 29]
    assert stored(session, single, "archive") == wanted(ITEMS[91:])
    found = query(session, single, DEVICE, start=json.loads(ITEMS[95])["id"], end=json.loads(ITEMS[20])["id"])
    assert [row["tier"] for row in found.rows] == ["archive"] * 5 + ["cold"] * 60 + ["hot"] * 11
    assert found.complete
    assert run_mover(session, single, "hot-to-cold-mover", time=NOW).total("items") == 0


def test_the_readers_answer_with_exact_numbers(single: Twin, session: Session) -> None:
    client, names = aws_of(session).client("lambda"), aws_of(session).names(single.name)
    put(session, single, ITEMS[:3])
    last = client.invoke(
        FunctionName=names.function("hot-reader-last-entry"), Payload=json.dumps({"iot_device_id": DEVICE}).encode()
    )
    assert b"12345678901234567890123456789.0123456" in last["Payload"].read()
    history = client.invoke(
        FunctionName=names.function("hot-reader"),
        Payload=json.dumps({"iot_device_id": DEVICE, "start_timestamp": json.loads(ITEMS[2])["id"]}).encode(),
    )
    assert history["Payload"].read().count(b'"iotDeviceId"') == 3


def test_a_schedule_starts_its_mover_at_the_scheduled_time(single: Twin, session: Session) -> None:
    put(session, single, ITEMS[:40])
    fired = l3kit_sandbox.fire_schedule(
        aws_of(session).names(single.name).schedule("hot-to-cold-mover"),
        f"l3kit-{single.name}",
        "2026-06-01T00:00:00Z",
        home=session.sandbox_home,
    )
    report = fired.result()
    assert report["verdict"] == "complete"
    assert report["cutoff"] == "2026-05-02T00:00:00Z"
    assert report["items"] == 9


def test_the_canary_goes_through_the_real_mover_and_leaves_nothing(single: Twin, session: Session) -> None:
    before = tiers(session, single)
    report = verify(session, single)
    assert not report.failed, report.to_frame().to_string()
    assert [check.seen for check in report.checks if check.group == "canary"] == ["moved", "equal", "gone"]
    assert tiers(session, single) == before


def test_two_checks_at_once_move_a_canary_each(single: Twin, session: Session) -> None:
    before = tiers(session, single)
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda _: verify(session, single), range(2)))
    for report in reports:
        assert not report.failed, report.to_frame().to_string()
        assert [check.seen for check in report.checks if check.group == "canary"] == ["moved", "equal", "gone"]
    assert tiers(session, single) == before


def test_a_mover_that_is_not_deployed_is_named_with_the_remedy(session: Session, make_twin: MakeTwin) -> None:
    with pytest.raises(ProvisioningError, match=r"is not deployed\. Run deploy_l3 first"):
        run_mover(session, make_twin(), "hot-to-cold-mover")


def test_a_mover_that_fails_shows_the_end_of_its_log(single: Twin, session: Session) -> None:
    name = aws_of(session).names(single.name).function("hot-to-cold-mover")
    aws_of(session).client("lambda").update_function_configuration(FunctionName=name, Environment={"Variables": {}})
    with pytest.raises(L3Error, match="DIGITAL_TWIN_INFO") as caught:
        run_mover(session, single, "hot-to-cold-mover")
    assert "The end of its log" in str(caught.value)
    deploy(single, session)


def linked(session: Session, sender: Twin, receiver: Twin, sending: str, receiving: str) -> None:
    """Tell the sender the receiver's url and token, as the two halves of one twin on two clouds would."""
    there = saved_links(session, receiver)[receiving]
    save_link(session, sender, sending, there.url, there.token)


@pytest.mark.slow
def test_a_full_chunk_that_cannot_be_compressed_crosses_too(session: Session, make_twin: MakeTwin) -> None:
    import base64
    import random

    receiver, sender = make_twin("azure", "aws", "aws"), make_twin("aws", "azure", "azure")
    deploy(receiver, session)
    linked(session, sender, receiver, "aws_l3hot_to_azure_l3cold", "azure_l3hot_to_aws_l3cold")
    deploy(sender, session)
    noise = random.Random(7)
    items = [item(100 + n, blob=base64.b85encode(noise.randbytes(240_000)).decode()) for n in range(20)]
    put(session, sender, items)
    moved = run_mover(session, sender, "hot-to-cold-mover", time=NOW)
    assert (moved.verdict, moved.total("items")) == ("complete", 20)
    assert moved.total("chunks") == 2
    assert stored(session, receiver, "cold") == wanted(items)


@pytest.mark.slow
def test_a_wrong_token_leaves_everything_where_it_was_and_says_what_to_do(
    session: Session, make_twin: MakeTwin
) -> None:
    receiver, sender = make_twin("azure", "aws", "aws"), make_twin("aws", "azure", "azure")
    deploy(receiver, session)
    linked(session, sender, receiver, "aws_l3hot_to_azure_l3cold", "azure_l3hot_to_aws_l3cold")
    there = saved_links(session, receiver)["azure_l3hot_to_aws_l3cold"]
    save_link(session, sender, "aws_l3hot_to_azure_l3cold", there.url, "another-token")
    deploy(sender, session)
    put(session, sender, ITEMS[50:60])
    moved = run_mover(session, sender, "hot-to-cold-mover", time=NOW)
    assert moved.verdict == "failed"
    (skipped,) = moved.skipped
    assert "403" in skipped["reason"]
    tokens = {c.token for twin in (sender, receiver) for c in saved_links(session, twin).values()}
    assert not any(token in json.dumps(moved.reports) for token in tokens)
    assert stored(session, receiver, "cold") == Counter()
    linked(session, sender, receiver, "aws_l3hot_to_azure_l3cold", "azure_l3hot_to_aws_l3cold")
    deploy(sender, session)
    assert run_mover(session, sender, "hot-to-cold-mover", time=NOW).total("items") == 10
    assert stored(session, receiver, "cold") == wanted(ITEMS[50:60])


@pytest.mark.slow
def test_a_twins_tuning_reaches_its_movers_and_is_no_drift(session: Session, make_twin: MakeTwin) -> None:
    plain = make_twin()
    config = json.loads((plain.path / "config.json").read_text())
    (plain.path / "config.json").write_text(json.dumps({**config, "tuning": {"COMPRESSION": "zstd"}}))
    twin = Twin.load(plain.path)
    deploy(twin, session)
    assert plan(twin, session).changes == ()
    put(session, twin, ITEMS[40:50])
    (device,) = run_mover(session, twin, "hot-to-cold-mover", time=NOW).reports[0]["devices"]
    assert [key.endswith(".json.zst") for key in device["keys"]] == [True]
    found = query(session, twin, DEVICE)
    assert len(found.rows) == 10
    assert not verify(session, twin).failed


@pytest.mark.slow
def test_a_reading_with_half_of_a_surrogate_pair_stays_alone(session: Session, make_twin: MakeTwin) -> None:
    """DynamoDB holds such texts; JSON cannot. It is told, and neither the mover nor a query dies of it."""
    twin = make_twin()
    deploy(twin, session)
    put(session, twin, ITEMS[40:60])
    table = aws_of(session).client("dynamodb")
    for days_old, text, suffix in ((50, "good \ud83d", ".5Z"), (45, "fine", ".25Z\udc00")):
        stamp = (NOW - timedelta(days=days_old)).strftime("%Y-%m-%dT%H:%M:%S") + suffix
        values = {"iotDeviceId": {"S": DEVICE}, "id": {"S": stamp}, "text": {"S": text}}
        table.batch_write_item(
            RequestItems={aws_of(session).names(twin.name).hot_dynamodb_table(): [{"PutRequest": {"Item": values}}]}
        )
    report = run_mover(session, twin, "hot-to-cold-mover", time=NOW)
    assert (report.verdict, report.total("items")) == ("partial", 20)
    assert [one["key"][19:] for one in report.skipped] == [".5Z", ".25Z\\udc00"]
    assert all("surrogate" in one["reason"] for one in report.skipped)
    found = query(session, twin, DEVICE)
    assert len(found.rows) == 20
    assert run_mover(session, twin, "hot-to-cold-mover", time=NOW).total("items") == 0


@pytest.mark.slow
def test_the_example_is_loaded_for_the_devices_that_hold_nothing(session: Session, make_twin: MakeTwin) -> None:
    twin = make_twin(devices=["a", "b", "c"])
    lines = [["origin", "year", "month", "day", "hour", "time_hour", "temp"]]
    lines += [[device, *"2011", f"2013-01-01T0{hour}:00:00Z", "39.5"] for device in "abc" for hour in range(3)]
    (twin.path / WEATHER_FILE).write_bytes(gzip.compress("\n".join(map(",".join, lines)).encode()))

    def holding() -> list[str]:
        return [device for device in "abc" if holds_readings(OpenTwin(twin, session), device)]

    prepare_example(OpenTwin(twin, session), newest=NOW - timedelta(days=40), devices=["b"])
    assert holding() == ["b"]
    run_mover(session, twin, "hot-to-cold-mover", time=NOW)
    assert holding() == ["b"], "also where only a later tier holds them"
    prepare_example(OpenTwin(twin, session), newest=NOW - timedelta(days=40))
    assert holding() == ["a", "b", "c"]
    assert [tiers(session, twin).total(tier) for tier in ("hot", "cold")] == [6, 3]
