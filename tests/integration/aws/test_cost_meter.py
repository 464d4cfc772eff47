"""Real moves in the sandbox, metered and priced, beside the model's prediction of the same moves."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from l3kit.clouds.aws.item_size import billed_bytes
from l3kit.cost.analysis.meter import compare_with_prediction, metered
from l3kit.cost.model.workload import Workload
from l3kit.operate.coroutines import run
from l3kit.operate.movers import MoverRun, run_mover
from l3kit.operate.tier_stores import open_tiers
from l3kit.prices.price_book import load_prices
from l3kit.session import Session
from l3kit.twin.config import Twin
from l3kit.twin.layout import Layout
from tests.integration.aws.conftest import MakeTwin, deploy

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]
NOW = datetime(2026, 6, 1, tzinfo=UTC)
LAYOUT = Layout("aws", "aws", "aws")
DEVICES = ("pump-1", "pump-2", "pump-3")
ITEMS = 4_000
CHUNK_BYTES = 262_144
BOOK = load_prices()


def items(device: str) -> list[bytes]:
    """Eight attributes in each, a minute apart, old enough for both movers; all of one size but for a digit."""
    first = NOW - timedelta(days=100)
    return [
        json.dumps(
            {
                "iotDeviceId": device,
                "id": (first + timedelta(minutes=n)).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "temperature": 20.25 + n % 10,
                "pressure": 1010.5 + n % 7,
                "humidity": 50.5 + n % 40,
                "status": "running",
                "firmware": "4.17.2",
                "valid": True,
            },
            separators=(",", ":"),
        ).encode()
        for n in range(ITEMS)
    ]


@pytest.fixture(scope="module")
def moved(session: Session, make_twin: MakeTwin) -> tuple[Twin, MoverRun, MoverRun]:
    made = make_twin(devices=list(DEVICES))
    config = json.loads((made.path / "config.json").read_text())
    tuned = {**config, "tuning": {"MAX_CHUNK_BYTES": CHUNK_BYTES}}
    (made.path / "config.json").write_text(json.dumps(tuned))
    twin = Twin.load(made.path)
    deploy(twin, session)

    async def put() -> None:
        async with open_tiers(session, twin) as stores:
            assert stores.hot is not None
            for device in DEVICES:
                await stores.hot.put_items(device, items(device))

    run(put())
    return (
        twin,
        run_mover(session, twin, "hot-to-cold-mover", time=NOW),
        run_mover(session, twin, "cold-to-archive-mover", time=NOW),
    )


@pytest.fixture(scope="module")
def workload() -> Workload:
    sample = items(DEVICES[0])
    assert {len(item) for item in sample} <= {len(sample[0]) - 1, len(sample[0])}
    return Workload.of(
        {
            "devices": len(DEVICES),
            "items_per_device_per_day": ITEMS,
            "item_bytes": round(sum(map(len, sample)) / ITEMS),
            "hot_item_bytes": billed_bytes(sample[0]),
            "hot_days": 30,
            "cold_days": 60,
            "archive_days": 365,
            "chunk_bytes": CHUNK_BYTES,
        }
    )


@pytest.mark.parametrize("mover", [0, 1], ids=["hot to cold", "cold to archive"])
def test_prediction_and_measurement_agree_within_2_per_cent(
    moved: tuple[Twin, MoverRun, MoverRun], workload: Workload, mover: int
) -> None:
    reports = moved[1 + mover].reports
    assert reports[-1]["verdict"] == "complete"
    assert sum(report["items"] for report in reports) == ITEMS * len(DEVICES)
    agreement = compare_with_prediction(reports, workload, LAYOUT, BOOK)
    assert agreement.difference is not None
    assert abs(agreement.difference) <= Decimal("0.02"), agreement.to_frame().to_string()


def test_requests_that_are_billed_are_predicted_to_the_number(
    moved: tuple[Twin, MoverRun, MoverRun], workload: Workload
) -> None:
    for reports in (moved[1].reports, moved[2].reports):
        lines = compare_with_prediction(reports, workload, LAYOUT, BOOK).lines
        storage = {name: totals for name, totals in lines.items() if " s3." in name}
        assert storage
        for name, (predicted, measured) in storage.items():
            if name.endswith(".list") and reports is moved[1].reports:
                # A device's first move asks the tiers for its chunk numbers, once; the model is of a month's moves.
                assert predicted.known == 0 < measured.known
                continue
            exact = not name.endswith("retrieval")
            assert predicted.known == pytest.approx(measured.known, rel=0 if exact else Decimal("0.005")), name


def test_every_measured_row_says_so_and_run_time_is_that_of_the_report(
    moved: tuple[Twin, MoverRun, MoverRun],
) -> None:
    reports = moved[1].reports
    bill = metered(reports, LAYOUT, BOOK)
    assert not bill.incomplete
    assert {row.item for row in bill.rows if row.kind != "measured"} == {
        "store the run's report",
        "logs of hot-to-cold-mover",
    }
    (time,) = [row for row in bill.rows if row.item.startswith("run time")]
    seconds = sum(Decimal(str(report["seconds"])) for report in reports)
    assert time.quantity == seconds * 1769 / 1024


def test_the_sizes_that_were_stored_are_those_of_the_model(
    session: Session, moved: tuple[Twin, MoverRun, MoverRun], workload: Workload
) -> None:
    """Not what was asked for: what lies in the bucket. 256 KiB chunks are 256 KiB, no part of 5 MiB."""

    async def sizes() -> list[int]:
        async with open_tiers(session, moved[0]) as stores:
            assert stores.archive is not None
            return sorted([info.size async for info in stores.archive.list()])

    stored = run(sizes())
    per_chunk = (CHUNK_BYTES - 1) // (int(workload.item_bytes) + 1)
    full, rest = divmod(ITEMS, per_chunk)
    assert len(stored) == len(DEVICES) * (full + (rest > 0))
    assert all(CHUNK_BYTES * 0.99 < size <= CHUNK_BYTES for size in stored[len(DEVICES) :])
