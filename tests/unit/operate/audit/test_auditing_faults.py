"""Audits of tiers that the movers have filled: none at fault, ten at fault, and what is told of each."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from l3kit.errors import CheckFailedError, ConfigurationError, L3Error
from l3kit.operate.audit.report import AuditReport
from l3kit.operate.tier_stores import TierStores
from l3kit.tiering.format.chunks import object_key
from l3kit.tiering.journal import DEVICE_PREFIX
from l3kit.tiering.settings.tuning import Tuning
from tests.support.audited import DEVICES, AuditedWorld
from tests.support.moving import item


@pytest.fixture
def world(tmp_path: Path) -> AuditedWorld:
    return AuditedWorld(tmp_path).fill()


def found(report: AuditReport) -> list[tuple[str, str, str]]:
    return sorted((fault.kind, fault.tier, fault.key) for fault in report.faults)


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_what_the_movers_leave_has_no_fault(tmp_path: Path, compression: str) -> None:
    world = AuditedWorld(tmp_path).fill(tuning=Tuning(max_chunk_bytes=1024, compression=compression))  # type: ignore[arg-type]
    report = world.audit()
    assert report.faults == ()
    assert report.complete
    assert (report.total("read"), report.total("items")) == (len(DEVICES) * len(world.keys("JFK")), 180)
    assert {one.tier for one in report.tiers} == {"cold", "archive"}
    assert report.summary() == f"{report.total('objects')} objects of 3 devices: {report.total('read')} read; no fault"
    report.raise_if_failed()
    assert world.slept == 0
    assert list(world.folder.iterdir()) == [], "nothing is left of an audit without faults"


def test_ten_planted_faults_are_found_and_nothing_else(world: AuditedWorld) -> None:
    ewr, jfk, lga = (world.keys(device) for device in DEVICES)
    assert len(jfk) >= 4
    cold = world.cold
    planted = set()
    # A letter of a reading is changed.
    _, body = world.store_of(ewr[0]).objects[ewr[0]]
    world.overwrite(ewr[0], body.replace(b'"value":3', b'"value":4', 1), told=False)
    planted.add(("digest", "archive", ewr[0]))
    # The metadata tell another count.
    world.rewrite(ewr[1], world.items(ewr[1]), items="3")
    planted.add(("count", "archive", ewr[1]))
    # The metadata have no digest.
    world.overwrite(ewr[2], world.store_of(ewr[2]).objects[ewr[2]][1], sha256=None)
    planted.add(("metadata", "cold", ewr[2]))
    # The content is cut off, and its digest told anew.
    _, body = world.store_of(ewr[3]).objects[ewr[3]]
    world.overwrite(ewr[3], body[:-1] + b" ")
    planted.add(("unreadable", "cold", ewr[3]))
    # Two readings change their places.
    first, second, *rest = world.items(jfk[0])
    start, *inner, end = [first, second, *rest]
    world.rewrite(jfk[0], [start, *reversed(inner), end])
    planted.add(("order", "archive", jfk[0]))
    # A reading of another device.
    items = world.items(jfk[1])
    world.rewrite(jfk[1], [{**items[0], "iotDeviceId": "EWR"}, *items[1:]])
    planted.add(("device", "archive", jfk[1]))
    # A reading of another year.
    items = world.items(jfk[2])
    world.rewrite(jfk[2], [*items, {**items[0], "id": "2027-01-01T00:00:00Z"}], items=str(len(items) + 1))
    planted.add(("range", "cold", jfk[2]))
    # A chunk is stored a second time under another number.
    twice = jfk[3].replace("chunk-00004", "chunk-00077")
    world.put(cold, twice, cold.objects[jfk[3]][1], items=str(len(world.items(jfk[3]))))
    planted.add(("double", "cold", twice))
    # A chunk in the middle is removed.
    del cold.objects[lga[2]]
    planted.add(("missing", "cold", "LGA/.../chunk-00003.json"))
    # An object that no mover wrote.
    world.put(cold, "backup/of-yesterday.zip", b"PK")
    planted.add(("foreign key", "cold", "backup/of-yesterday.zip"))

    report = world.audit()
    assert set(found(report)) == planted
    assert (len(report.faults), report.fault_count) == (10, 10)
    assert report.summary().endswith("; 10 faults")
    assert all(fault.cloud and fault.remedy and "\n" not in fault.line() for fault in report.faults)
    assert len(report.to_frame()) == 10
    assert report.to_json()["passed"] is False
    listed = [json.loads(line) for line in Path(report.faults_path).read_text().splitlines()]
    assert listed == report.to_json()["faults"]
    with pytest.raises(CheckFailedError, match="10 faults"):
        report.raise_if_failed()


def test_a_gap_in_the_numbers_that_the_journal_allows_is_no_fault(world: AuditedWorld) -> None:
    """A number is spent where a chunk was given up: the journal does not count it as stored."""
    name = DEVICE_PREFIX + "JFK"
    row = world.world.journal.rows[name]
    taken = world.keys("JFK")[1]
    spent = world.items(taken)
    size = world.archive.objects.pop(taken)[0].size
    told = dict(row.attributes)
    told["moved_chunks"] = int(told["moved_chunks"]) - 1
    told["moved_items"] = int(told["moved_items"]) - len(spent)
    told["moved_bytes"] = int(told["moved_bytes"]) - size
    world.world.journal.rows[name] = replace(row, attributes=told)
    report = world.audit()
    assert report.faults == ()
    assert any("1 chunk number has no object" in note for note in report.notes)


@pytest.mark.parametrize(("name", "less"), [("moved_items", "items"), ("moved_bytes", "bytes")])
def test_the_journals_totals_are_compared(world: AuditedWorld, name: str, less: str) -> None:
    row = world.world.journal.rows[DEVICE_PREFIX + "JFK"]
    told = {**row.attributes, name: int(row.attributes[name]) + 1}
    world.world.journal.rows[DEVICE_PREFIX + "JFK"] = replace(row, attributes=told)
    (fault,) = world.audit().faults
    assert (fault.kind, fault.key) == ("totals", "JFK/")
    assert less in fault.what


def test_a_device_all_of_whose_chunks_are_gone_is_missed(world: AuditedWorld) -> None:
    keys = world.keys("LGA")
    for key in keys:
        del world.store_of(key).objects[key]
    report = world.audit(device="LGA")
    assert [fault.key for fault in report.faults] == [f"LGA/.../chunk-00001.json to {len(keys):05d}"]


def test_the_chunk_that_a_receipt_tells_as_archived_is_missed_once(world: AuditedWorld) -> None:
    world.archive_until(10_000)
    last = world.keys("JFK")[-1]
    del world.archive.objects[last]
    (fault,) = world.audit(device="JFK").faults
    assert (fault.kind, fault.tier, fault.key) == ("missing", "archive", last)


def test_a_receipt_that_tells_another_digest_is_a_fault(world: AuditedWorld) -> None:
    world.archive_until(10_000)
    last = world.keys("JFK")[-1]
    world.rewrite(last, [{**item, "value": 0} for item in world.items(last)])
    world.archive.restored.update(world.archive.objects)
    kinds = {fault.kind for fault in world.audit(device="JFK").faults}
    assert "receipt" in kinds


def test_an_object_in_both_tiers_is_told_with_what_ends_that(world: AuditedWorld) -> None:
    key = world.keys("JFK")[0]
    world.cold.objects[key] = world.archive.objects[key]
    (fault,) = world.audit().faults
    assert (fault.kind, fault.tier, fault.key) == ("double", "cold", key)
    assert "run the cold-to-archive mover" in fault.remedy
    assert world.slept == 30


def test_other_content_under_the_same_key_in_both_tiers_is_told(world: AuditedWorld) -> None:
    key = world.keys("JFK")[0]
    world.put(world.cold, key, world.archive.objects[key][1].replace(b'"value":3', b'"value":4'), items="17")
    faults = [fault for fault in world.audit().faults if fault.key == key and fault.kind == "double"]
    assert "other content under the same key" in faults[0].what


def test_late_items_make_ranges_overlap_which_is_no_fault(world: AuditedWorld) -> None:
    world.world.put("JFK", *[item("JFK", minute, late=True) for minute in (2, 30)])
    world.world.move("JFK")
    report = world.audit()
    assert report.faults == ()
    assert report.total("items") == 182


def test_one_item_of_another_chunk_is_found_twice(world: AuditedWorld) -> None:
    jfk = world.keys("JFK")
    first = world.items(jfk[0])[1]
    key = object_key("JFK", first["id"], first["id"], 50)
    world.put(world.cold, key, json.dumps([first]).encode(), items="1")
    (fault,) = world.audit().faults
    assert (fault.kind, fault.key) == ("double", key)
    assert f"1 item that {jfk[0]} holds as well, the first {first['id']}" in fault.what


def test_a_foreign_chunk_may_be_in_any_order(world: AuditedWorld) -> None:
    items = [{"iotDeviceId": "JFK", "id": f"2020-01-0{day}T00:00:00Z"} for day in (1, 3, 2)]
    key = object_key("JFK", items[0]["id"], items[1]["id"], 900)
    world.put(world.cold, key, json.dumps(items, indent=1).encode(), items="3")
    report = world.audit()
    assert report.faults == ()
    assert any("1 chunk of another program not in order" in note for note in report.notes)
    assert any("1 object is not counted by the journal" in note for note in report.notes)


def test_a_device_without_a_record_is_not_passed_in_silence(world: AuditedWorld) -> None:
    del world.world.journal.rows[DEVICE_PREFIX + "JFK"]
    report = world.audit()
    assert report.faults == ()
    assert any(f"{len(world.keys('JFK'))} objects are not counted by the journal" in note for note in report.notes)


def test_what_is_not_reached_is_a_gap_and_accuses_nobody(world: AuditedWorld) -> None:
    stores = TierStores(None, None, world.cold, None)
    report = world.audit(stores=stores)
    assert report.faults == ()
    assert [gap.what for gap in report.gaps] == ["the archive tier", "the journal"]
    assert not report.complete
    with pytest.raises(CheckFailedError, match="does not reach"):
        report.raise_if_failed()


def test_a_record_that_cannot_be_read_is_a_gap(world: AuditedWorld) -> None:
    row = world.world.journal.rows[DEVICE_PREFIX + "JFK"]
    world.world.journal.rows[DEVICE_PREFIX + "JFK"] = replace(row, attributes={**row.attributes, "next_number": "x"})
    report = world.audit()
    assert report.faults == ()
    assert [gap.what for gap in report.gaps] == ["the journal's record of JFK"]


def test_an_unknown_device_is_refused_with_the_nearest_name(world: AuditedWorld) -> None:
    with pytest.raises(L3Error, match="did you mean JFK"):
        world.audit(device="JKF")
    assert world.audit(device="EWR").devices == 1


@pytest.mark.parametrize("sample", ["0%", "101%", "1", "x", 0.0, 2.0, -1, True, float("nan")])
def test_a_sample_that_is_none_is_refused(world: AuditedWorld, sample: str | float) -> None:
    with pytest.raises(ConfigurationError, match=r"--sample: .* is not a share of the objects\. Give more than 0%"):
        world.audit(sample=sample)


def test_a_second_audit_at_the_same_time_is_refused(world: AuditedWorld) -> None:
    key = world.keys("JFK")[0]
    world.cold.objects[key] = world.archive.objects[key]
    refused: list[str] = []

    async def during() -> None:
        def other() -> None:
            try:
                world.audit()
            except ConfigurationError as error:
                refused.append(error.cause)

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()

    world.audit(during=during)
    assert set(refused) == {"another audit of this twin with these options is running"}
