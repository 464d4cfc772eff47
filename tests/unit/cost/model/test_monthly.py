"""The model: each rule of a provider's bill by hand-made numbers."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from l3kit.cost.model.monthly import monthly_bill, move_bill
from l3kit.cost.model.workload import DAYS_PER_MONTH
from l3kit.twin.layout import Layout
from tests.unit.cost.bills import AWS, BOOK, GB, overlaid, row, run
from tests.unit.cost.workloads import workload


def test_a_write_takes_a_unit_per_kilobyte_begun() -> None:
    for size, units in ((1, 1), (1024, 1), (1025, 2), (400_000, 391)):
        written = row(monthly_bill(workload(item_bytes=size), AWS, BOOK), "ingest", "write items")
        items = Decimal(10 * 1440) * DAYS_PER_MONTH
        assert written.quantity == items * units / 10**6
        assert written.amount == items * units / 10**6 * Decimal("0.625")


def test_a_delete_costs_as_much_as_the_write_on_dynamodb_and_nothing_by_ttl() -> None:
    bill = monthly_bill(workload(), AWS, BOOK)
    assert row(bill, "hot to cold", "delete moved items").amount == row(bill, "ingest", "write items").amount
    expired = row(monthly_bill(workload(ttl_deletes=True), AWS, BOOK), "hot to cold", "expire moved items")
    assert (expired.amount, expired.quantity) == (0, row(bill, "ingest", "write items").quantity)


@pytest.mark.parametrize(("cloud", "free"), [("aws", True), ("azure", False), ("gcp", False)])
def test_expiry_is_free_on_dynamodb_only(cloud: str, free: bool) -> None:
    layout = Layout.parse(f"{cloud}-aws-aws")
    expired = row(monthly_bill(workload(ttl_deletes=True), layout, BOOK), "hot to cold", "expire moved items")
    assert expired.amount is not None
    assert (expired.amount == 0) == free


def test_full_chunks_and_each_devices_rest_are_stored() -> None:
    # 1,001 bytes with the comma: 5,242,880 bytes hold 5,237 items; 14,400 items a run are 2 full chunks and a rest.
    stored = row(run("hot-to-cold-mover", items_per_device_per_day=14_400), "hot to cold", "store chunks")
    assert stored.quantity == Decimal("0.03")
    assert stored.amount == Decimal("0.03") * Decimal("0.01")


def test_every_item_is_read_twice_in_units_of_4_kb_by_device() -> None:
    # A device's 1,440 items of 1,000 bytes are 351.6 times 4 KB; ten devices, twice.
    assert row(run("hot-to-cold-mover"), "hot to cold", "read items, twice").quantity == Decimal(2 * 10 * 352) / 10**6
    quiet = row(run("hot-to-cold-mover", items_per_device_per_day=0), "hot to cold", "ask devices without old items")
    assert quiet.quantity == Decimal(10) / 10**6


@pytest.mark.parametrize(("cloud", "looks"), [("aws", 2), ("azure", 1), ("gcp", 1)])
def test_items_are_read_a_second_time_only_where_deletes_cannot_name_a_version(cloud: str, looks: int) -> None:
    bill = move_bill(workload(), Layout.parse(f"{cloud}-aws-aws"), BOOK, "hot-to-cold-mover")
    read = row(bill, "hot to cold", "read items, twice" if looks == 2 else "read items")
    once = {"aws": 10 * 352, "azure": 10 * 1440 * 1000 / Decimal(1024), "gcp": 10 * 1440}[cloud]
    per = {"aws": 10**6, "azure": 10**6, "gcp": 10**5}[cloud]
    assert read.quantity == pytest.approx(looks * Decimal(once) / per)


def test_the_journal_takes_two_writes_a_chunk_and_one_a_device_each_as_large_as_the_larger_record() -> None:
    # Full chunks of 5,237 items: 700 + 7 * 5,237 bytes are 37 KB. 14,400 items: 2 full, and 3,926 more, 28 KB.
    bill = run("hot-to-cold-mover", items_per_device_per_day=14_400)
    full, rest = (row(bill, "hot to cold", f"note {which} chunks in the journal") for which in ("full", "last"))
    assert full.quantity == Decimal(10 * (2 * 2 + 1) * 37) / 10**6
    assert rest.quantity == Decimal(10 * 2 * 28) / 10**6
    alone = row(run("hot-to-cold-mover"), "hot to cold", "note last chunks in the journal")
    assert alone.quantity == Decimal(10 * 3 * 11) / 10**6


def test_items_wait_half_the_time_between_two_runs_beyond_their_days_in_hot() -> None:
    kept = row(monthly_bill(workload(days_between_runs=4), AWS, BOOK), "hot storage", "items")
    assert kept.quantity == Decimal(10 * 1440 * 1000 * 32) / GB


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


def test_cloud_storage_bills_deleted_objects_for_seven_more_days(tmp_path: Path) -> None:
    layout = Layout("aws", "gcp", "gcp")
    bill = monthly_bill(workload(), layout, BOOK)
    kept, objects = (row(bill, "cold storage", item) for item in ("kept after deletion", "objects"))
    assert kept.quantity == pytest.approx(objects.quantity * 7 / 60)  # type: ignore[operator]
    text = """\
provider: gcp
regions:
  us-central1:
    gcs:
      coldline:
        soft_delete: {value: 0, unit: days, source: my bucket}
"""
    without = monthly_bill(workload(), layout, overlaid(tmp_path, text))
    assert not [r for r in without.rows if (r.part, r.item) == ("cold storage", "kept after deletion")]


def test_cosmos_units_lie_between_the_documented_sizes() -> None:
    layout = Layout("azure", "azure", "azure")
    items = 10 * 1440 * DAYS_PER_MONTH / 10**6
    for size, units in ((500, "4.95"), (1024, "4.95"), (1536, "5.62"), (4096, "6.67"), (16_384, "9.52")):
        written = row(monthly_bill(workload(item_bytes=size), layout, BOOK), "ingest", "write items")
        assert written.quantity == items * Decimal(units), size


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


def test_small_objects_count_as_128_kib_in_standard_ia_and_not_elsewhere() -> None:
    small = {"items_per_device_per_day": 10, "item_bytes": 1_000}
    padding = row(monthly_bill(workload(**small), AWS, BOOK), "cold storage", "minimum object size")
    objects = 10 * DAYS_PER_MONTH
    assert padding.quantity == objects * (131_072 - 10_011) * 60 / DAYS_PER_MONTH / GB
    for cloud in ("azure", "gcp"):
        bill = monthly_bill(workload(**small), Layout("aws", cloud, cloud), BOOK)  # type: ignore[arg-type]
        assert not [r for r in bill.rows if r.item == "minimum object size"]


@pytest.mark.parametrize(
    ("cloud", "days", "missing"), [("aws", 30, 0), ("aws", 10, 20), ("azure", 29, 1), ("gcp", 60, 30), ("gcp", 90, 0)]
)
def test_what_leaves_the_cold_tier_too_early_is_billed_for_the_missing_days(
    cloud: str, days: int, missing: int
) -> None:
    layout = Layout("aws", cloud, "aws")  # type: ignore[arg-type]
    bill = monthly_bill(workload(cold_days=days), layout, BOOK)
    early = [r for r in bill.rows if (r.part, r.item) == ("cold storage", "early deletion")]
    assert len(early) == (missing > 0)
    if early:
        kept = row(bill, "cold storage", "objects")
        assert early[0].quantity == pytest.approx(kept.quantity * missing / days)  # type: ignore[operator]


def test_a_deep_archive_object_brings_40_kb_along_for_at_least_180_days() -> None:
    bill = monthly_bill(workload(archive_days=90), AWS, BOOK)
    objects = 10 * DAYS_PER_MONTH
    overhead, index = (row(bill, "archive storage", f"{what} per object") for what in ("overhead", "index entry"))
    assert overhead.quantity == pytest.approx(objects * 32_768 * 180 / DAYS_PER_MONTH / GB)
    assert index.quantity == pytest.approx(objects * 8_192 * 180 / DAYS_PER_MONTH / GB)
    assert (overhead.unit_price, index.unit_price) == (Decimal("0.00099"), Decimal("0.023"))
    assert row(bill, "archive storage", "early deletion").quantity == row(bill, "archive storage", "objects").quantity


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


def test_archives_are_restored_faster_for_more() -> None:
    slow, fast = (
        monthly_bill(workload(archive_read_share="0.5", bulk_restores=bulk), AWS, BOOK).by_part()["reads"].known
        for bulk in (True, False)
    )
    assert slow * 3 < fast


def test_looking_for_an_item_reads_a_whole_chunk() -> None:
    looking = {"cold_lookups_per_month": 1_000, "items_per_device_per_day": 5_237 * 2}  # two full chunks a run
    bill = monthly_bill(workload(**looking), AWS, BOOK)
    chunk = 5_237 * 1_001 + 1
    (fee,) = [r for r in bill.rows if r.part == "reads" and r.key.rate == "retrieval"]
    assert fee.quantity == pytest.approx(Decimal(1_000 * chunk) / GB)
    (gets,) = [r for r in bill.rows if r.part == "reads" and r.key.rate == "get"]
    assert gets.quantity == pytest.approx(Decimal(1))
    halved = monthly_bill(workload(**looking, chunk_bytes=chunk // 2), AWS, BOOK)
    assert halved.by_part()["reads"].known < bill.by_part()["reads"].known
