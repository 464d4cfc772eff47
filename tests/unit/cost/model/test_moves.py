"""One run of each mover: every read, write, request and byte it bills, by hand-made numbers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from l3kit.cost.model.monthly import monthly_bill, move_bill
from l3kit.cost.model.workload import DAYS_PER_MONTH
from l3kit.twin.layout import Layout
from tests.unit.cost.bills import AWS, BOOK, GB, row, run
from tests.unit.cost.workloads import workload


def test_full_chunks_and_each_devices_rest_are_stored() -> None:
    # 1,001 bytes with the comma: 5,242,880 bytes hold 5,237 items; 14,400 items a run are 2 full chunks and a rest.
    stored = row(run("hot-to-cold-mover", items_per_device_per_day=14_400), "hot to cold", "store chunks")
    assert stored.quantity == Decimal("0.03")
    assert stored.amount == Decimal("0.03") * Decimal("0.01")


def test_every_item_is_read_once_in_units_of_4_kb_by_page() -> None:
    # A device's 1,440 items of 1,000 bytes are 351.6 times 4 KB: a page of 1,049 items, 257 units, and one of 391, 96.
    assert row(run("hot-to-cold-mover"), "hot to cold", "read items").quantity == Decimal(10 * (257 + 96)) / 10**6
    quiet = run("hot-to-cold-mover", items_per_device_per_day=0)
    assert row(quiet, "hot to cold", "ask devices without old items").quantity == Decimal(10) / 10**6


@pytest.mark.parametrize("chunk_bytes", [1_024, 10**6, 5 * 2**20])
def test_smaller_chunks_read_no_more(chunk_bytes: int) -> None:
    read = row(run("hot-to-cold-mover", chunk_bytes=chunk_bytes), "hot to cold", "read items")
    assert read.quantity == Decimal(10 * (257 + 96)) / 10**6


@pytest.mark.parametrize(("cloud", "read"), [("aws", 257 + 96), ("azure", 1440 * 1000 / Decimal(1024)), ("gcp", 1440)])
def test_deletes_read_nothing_on_any_cloud_and_each_device_is_asked_for_what_is_ahead_of_time(
    cloud: str, read: Decimal | int
) -> None:
    bill = move_bill(workload(), Layout.parse(f"{cloud}-aws-aws"), BOOK, "hot-to-cold-mover")
    per = {"aws": 10**6, "azure": 10**6, "gcp": 10**5}[cloud]
    reads = {r.item: r.quantity for r in bill.rows if r.key.rate == row(bill, "hot to cold", "read items").key.rate}
    if cloud != "azure":  # request units are one price for reads and writes
        assert set(reads) == {"read items", "ask devices for readings ahead of time", "read the journal"}
    assert reads["read items"] == pytest.approx(Decimal(10 * read) / per)
    assert reads["ask devices for readings ahead of time"] == pytest.approx(Decimal(10) / per)


def test_the_journal_takes_two_writes_a_chunk_and_one_a_device_each_as_large_as_the_larger_record() -> None:
    # Full chunks of 5,237 items: 640 + 7 * 5,237 bytes are 37 KB. 14,400 items: 2 full, and 3,926 more, 28 KB.
    bill = run("hot-to-cold-mover", items_per_device_per_day=14_400)
    full, rest = (row(bill, "hot to cold", f"note {which} chunks in the journal") for which in ("full", "last"))
    assert full.quantity == Decimal(10 * (2 * 2 + 1) * 37) / 10**6
    assert rest.quantity == Decimal(10 * 2 * 28) / 10**6
    alone = row(run("hot-to-cold-mover"), "hot to cold", "note last chunks in the journal")
    assert alone.quantity == Decimal(10 * 3 * 11) / 10**6


def test_a_second_of_a_mover_is_its_memory_in_gib_times_a_second() -> None:
    bill = move_bill(workload(), AWS, BOOK, "hot-to-cold-mover", seconds=Decimal(1024))
    ran = row(bill, "hot to cold", "run time of hot-to-cold-mover")
    assert (ran.quantity, ran.kind) == (1769, "measured")
    assert row(bill, "hot to cold", "invocations of hot-to-cold-mover").quantity == Decimal(2) / 10**6  # of 15 minutes
    large = move_bill(workload(chunk_bytes=200 * 2**20), AWS, BOOK, "hot-to-cold-mover", seconds=Decimal(1024))
    assert row(large, "hot to cold", "run time of hot-to-cold-mover").quantity == 26 + 15 * 200


def test_every_run_lists_the_whole_cold_tier_in_pages_of_1_000_and_the_pauses_and_receipts() -> None:
    def pages(listed: int) -> Decimal | None:
        bill = move_bill(workload(), AWS, BOOK, "cold-to-archive-mover", listed_objects=listed)
        return row(bill, "cold to archive", "list cold objects").quantity

    assert [pages(n) for n in (0, 1_000, 1_001)] == [Decimal(n) / 1_000 for n in (3, 3, 4)]
    monthly = row(monthly_bill(workload(devices=100), AWS, BOOK), "cold to archive", "list cold objects")
    assert monthly.quantity == 8 * DAYS_PER_MONTH / 1_000  # 100 objects a day for 60 days


def test_a_run_that_empties_the_cold_tier_leaves_a_receipt_for_each_device() -> None:
    receipts = "leave receipts of last chunks"
    emptying, other = (
        move_bill(workload(), AWS, BOOK, "cold-to-archive-mover", listed_objects=listed) for listed in (10, 11)
    )
    left = row(emptying, "cold to archive", receipts)
    assert (left.key.tier, left.quantity) == ("standard", Decimal(10) / 1_000)
    assert not [r for r in other.rows if r.item == receipts]


def test_an_archived_object_is_looked_at_before_and_after_its_copy() -> None:
    bill = run("cold-to-archive-mover")
    looked = [row(bill, "cold to archive", item) for item in ("look at cold objects", "check the copies")]
    assert [(r.key.tier, r.key.rate, r.quantity) for r in looked] == [
        ("standard_ia", "get", Decimal("0.01")),
        ("deep_archive", "get", Decimal("0.01")),
    ]


def test_large_objects_cross_a_border_in_parts_of_4_mib() -> None:
    large = {"items_per_device_per_day": 25_000, "chunk_bytes": 20_000_000}
    bill = run("cold-to-archive-mover", Layout("aws", "aws", "gcp"), **large)
    # A device's 25,000 items: one chunk of 19,980 items, 19,999,981 bytes in 5 parts; 5,020 more in one request.
    parts = row(bill, "cold to archive", "read parts")
    assert parts.quantity == Decimal(10 * 5) / 1_000
    posts = row(bill, "cold to archive", "invocations of archive-writer")
    assert posts.quantity == Decimal(10 * 6) / 10**6
    kept = row(bill, "cold to archive", "keep and join parts")
    assert kept.quantity == Decimal(10 * (5 + 1 + 3)) / 1_000  # and joined from 3 of 8 MiB, one to begin


def test_page_by_page_a_larger_chunk_changes_nothing() -> None:
    def objects(chunk_bytes: int, page_by_page: bool) -> Decimal | None:
        bill = run(
            "hot-to-cold-mover",
            items_per_device_per_day=100_000,
            chunk_bytes=chunk_bytes,
            page_by_page=page_by_page,
        )
        return row(bill, "hot to cold", "store chunks").quantity

    assert objects(2**20, True) == objects(5 * 2**20, True)
    assert objects(5 * 2**20, False) < objects(2**20, False) / 4  # type: ignore[operator]


def test_very_small_items_end_a_chunk_by_their_number() -> None:
    stored = row(
        run("hot-to-cold-mover", items_per_device_per_day=120_000, item_bytes=20), "hot to cold", "store chunks"
    )
    assert stored.quantity == Decimal(10 * 3) / 1000  # 42,857 items each, far from 5 MiB


def test_a_copy_into_the_archive_is_billed_at_the_archives_price_and_reads_the_cold_tier() -> None:
    bill = run("cold-to-archive-mover")
    copied = row(bill, "cold to archive", "copy into the archive")
    assert (copied.key.tier, copied.quantity, copied.amount) == (
        "deep_archive",
        Decimal("0.01"),
        Decimal("0.01") * Decimal("0.05"),
    )
    read = row(bill, "cold to archive", "read cold objects")
    # Of each device one object: 1,440 items of 1,001 bytes with their comma, and a bracket more.
    assert (read.key.rate, read.quantity) == ("retrieval", Decimal(10 * (1440 * 1001 + 1)) / GB)


def test_a_border_is_paid_by_the_sender_for_the_bytes_on_the_wire() -> None:
    bill = run("hot-to-cold-mover", Layout("aws", "gcp", "gcp"), wire_ratio="0.1")
    sent = row(bill, "hot to cold", "chunks sent to the cold tier's cloud")
    assert (sent.key.provider, sent.key.service) == ("aws", "transfer")
    assert sent.amount == pytest.approx(sent.quantity * Decimal("0.09"))  # type: ignore[operator]
    assert sent.quantity == pytest.approx(Decimal(14_400) * 1001 / 10 / GB, rel=Decimal("1e-4"))
    assert row(bill, "hot to cold", "invocations of cold-writer").key.provider == "gcp"
    assert not [r for r in run("hot-to-cold-mover").rows if "sent" in r.item or "writer" in r.item]
