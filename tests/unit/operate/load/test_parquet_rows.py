"""Parquet files: exact values, times to the nanosecond, what JSON cannot hold."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from l3kit.errors import ConfigurationError
from l3kit.operate.load.parquet_rows import ParquetTable
from l3kit.operate.load.rows import BadRow, Row


def rows_of(folder: Path, columns: dict[str, Any], skip: int = 0) -> list[Row | BadRow]:
    path = folder / "a.parquet"
    parquet.write_table(pa.table(columns), path)
    table = ParquetTable(path, "a.parquet")
    found = list(table.rows(table.names, skip))
    table.close()
    return found


def cell(folder: Path, array: pa.Array) -> str | None:
    (row,) = rows_of(folder, {"v": array})
    assert isinstance(row, Row)
    return row.cells.get("v")


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (pa.array([2**63 - 1]), "9223372036854775807"),
        (pa.array([2**64 - 1], pa.uint64()), "18446744073709551615"),
        (pa.array([0.1]), "0.1"),
        (pa.array([Decimal("1.500")]), "1.500"),
        (pa.array([True]), "true"),
        (pa.array(["7"]), '"7"'),
        (pa.array([date(2026, 5, 31)]), '"2026-05-31"'),
        (pa.array([1_780_216_200_123_456_789], pa.timestamp("ns", "UTC")), '"2026-05-31T08:30:00.123456789Z"'),
        (pa.array([1_780_216_200_123], pa.timestamp("ms", "Europe/Vienna")), '"2026-05-31T08:30:00.123Z"'),
        (pa.array([1_780_216_200], pa.timestamp("s")), '"2026-05-31T08:30:00"'),
        (pa.array([[1, None]]), "[1,null]"),
        (pa.array([{"a": Decimal("1.10"), "b": None}]), '{"a":1.10}'),
        (pa.array([None], pa.int64()), None),
        (pa.array([float("nan")]), None),
    ],
)
def test_values_keep_what_they_are(tmp_path: Path, array: pa.Array, text: str | None) -> None:
    assert cell(tmp_path, array) == text


def test_what_json_cannot_hold_is_a_bad_row(tmp_path: Path) -> None:
    infinite, binary, good = rows_of(tmp_path, {"v": [float("inf"), 1.0, 2.0], "w": [b"", b"\xff", None]})
    assert isinstance(infinite, BadRow)
    assert (infinite.number, infinite.problem) == (1, "bad-number")
    assert "v is not a finite number" in infinite.cause
    assert json.loads(infinite.text)["v"] == "inf"
    assert isinstance(binary, BadRow)
    assert "w is of the type bytes" in binary.cause
    assert isinstance(good, Row)
    assert (good.number, good.cells) == (3, {"v": "2.0"})


def test_rows_are_skipped_over_batches(tmp_path: Path) -> None:
    found = rows_of(tmp_path, {"v": list(range(2_500))}, skip=1_001)
    assert [row.number for row in found] == list(range(1_002, 2_501))


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    rows_of(tmp_path, {"v": [datetime(2026, 1, 1, tzinfo=UTC)]})
    path = tmp_path / "a.parquet"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ConfigurationError, match=r"a\.parquet: cannot be read as Parquet"):
        ParquetTable(path, "a.parquet")
