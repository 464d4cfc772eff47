"""The model of a move against real runs of the mover: units, requests, and bytes that cross a border."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from l3kit.clouds.aws.item_size import billed_bytes
from l3kit.cost.analysis.compression import measure
from l3kit.cost.analysis.meter import compare_with_prediction
from l3kit.cost.model.bill import Bill
from l3kit.cost.model.workload import Workload
from l3kit.twin.layout import Layout
from tests.support.real_moves import readings, real_move
from tests.unit.cost.bills import BOOK

READS, WRITES, SENT = Decimal("0.01"), Decimal("0.02"), Decimal("0.02")
"""Maximum relative error of the model. Requests are predicted exactly."""
LEAST = Decimal(1)
"""Units by which a prediction may always differ: a page that ends exactly at its limit is followed by an empty one."""
ENVELOPE = 200
"""Bytes of a request beside its items, which the model leaves out."""
HOME, ABROAD = Layout("aws", "aws", "aws"), Layout("aws", "gcp", "gcp")
KB, MB = 1024, 1_000_000
FULL = 5 * 2**20


@dataclass(frozen=True)
class Case:
    """A move: devices, due items of each, bytes of an item's text, the largest chunk, and where the chunks go."""

    devices: int
    items: int
    text: int
    chunk: int
    abroad: bool = False

    def __str__(self) -> str:
        where = "abroad" if self.abroad else "home"
        return f"{self.devices}x{self.items} of {self.text} B, chunk {self.chunk}, {where}"


CASES = [
    Case(1, 1_500, 24, MB),
    Case(1, 6_000, 104, MB),
    Case(3, 1_000, 24, 64 * KB),
    Case(2, 2_500, 104, 256 * KB),
    Case(1, 1_500, 24, 4 * KB),
    Case(20, 50, 24, FULL),
    Case(40, 1, 400, FULL),
    Case(1, 3_000, 400, MB),
    Case(3, 700, 400, 200 * KB),
    Case(2, 1_000, 400, 10_000),
    Case(1, 1_500, 1_000, MB),
    Case(4, 600, 1_000, MB),
    Case(1, 5_500, 1_000, FULL),
    Case(1, 1_300, 5_000, MB),
    Case(2, 600, 5_000, FULL),
    Case(1, 320, 20_000, MB),
    Case(2, 320, 20_000, FULL),
    Case(1, 60, 100_000, MB),
    Case(1, 60, 100_000, FULL),
    Case(1, 3_000, 24, 200 * KB, abroad=True),
    Case(20, 50, 24, FULL, abroad=True),
    Case(3, 700, 400, 200 * KB, abroad=True),
    Case(1, 1_500, 1_000, MB, abroad=True),
    Case(1, 1_200, 5_000, FULL, abroad=True),
    Case(1, 320, 20_000, MB, abroad=True),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_model_predicts_what_the_mover_reads_writes_asks_and_sends(case: Case) -> None:
    items = {f"device-{n:02d}": readings(f"device-{n:02d}", case.items, case.text) for n in range(case.devices)}
    moved = real_move(items, case.chunk, abroad=case.abroad)
    workload = workload_of(items, case.chunk)
    layout = ABROAD if case.abroad else HOME
    agreement = compare_with_prediction([moved.report], workload, layout, BOOK)
    predicted, measured = agreement.predicted, agreement.measured
    assert_close(predicted, measured, "read_unit", READS)
    assert_close(predicted, measured, "write_unit", WRITES)
    asked = moved.report["requests"]["target.post" if case.abroad else "target.put"]
    assert quantity(predicted, "store chunks", 1_000) == asked
    if case.abroad:
        sent = quantity(predicted, "chunks sent to the cold tier's cloud", 2**30)
        assert abs(sent - moved.sent_bytes) <= SENT * moved.sent_bytes + ENVELOPE * asked


def workload_of(items: dict[str, list[bytes]], chunk_bytes: int) -> Workload:
    one = next(iter(items.values()))
    measured = measure(one, chunk_bytes)
    return Workload.of(
        {
            "devices": len(items),
            "items_per_device_per_day": len(one),
            "item_bytes": measured.item_bytes,
            "hot_item_bytes": round(sum(map(billed_bytes, one)) / len(one)),
            "hot_days": 30,
            "cold_days": 60,
            "archive_days": 365,
            "chunk_bytes": chunk_bytes,
            "wire_ratio": measured.wire,
        }
    )


def assert_close(predicted: Bill, measured: Bill, rate: str, tolerance: Decimal) -> None:
    ours, real = (
        sum((row.quantity or Decimal(0)) * 10**6 for row in bill.rows if row.key.rate == rate)
        for bill in (predicted, measured)
    )
    assert abs(ours - real) <= max(tolerance * real, LEAST), f"{rate}: predicted {ours}, measured {real}"


def quantity(bill: Bill, item: str, per: int) -> Any:
    (found,) = [row.quantity for row in bill.rows if row.item == item]
    assert found is not None
    return found * per
