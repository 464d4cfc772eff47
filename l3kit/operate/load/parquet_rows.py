"""Rows of Parquet files, read batch by batch; needs pyarrow, the extra `parquet`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from l3kit.errors import ConfigurationError
from l3kit.operate.load.rows import BadRow, Row, RowProblem
from l3kit.tiering.format.item_times import shortest
from l3kit.tiering.format.messages import MessageProblem

BATCH_ROWS = 1_000
_UNITS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
_MISSING: Any = object()


class ParquetTable:
    """An opened Parquet file. Raises: ConfigurationError if pyarrow is missing, or the file is not Parquet."""

    def __init__(self, path: Path, where: str) -> None:
        try:
            import pyarrow
            from pyarrow import parquet
        except ImportError:
            cause = "is Parquet, which needs pyarrow, which is not installed"
            raise ConfigurationError(where, cause, "pip install 'l3kit[parquet]'") from None
        self._where = where
        self._errors = (pyarrow.ArrowException, OSError)
        try:
            self._file = parquet.ParquetFile(path)
        except self._errors as error:
            raise self._unreadable(error) from None
        self.names: Sequence[str] = self._file.schema_arrow.names
        for name in self.names:
            if self.names.count(name) > 1:
                raise ConfigurationError(where, f"has two columns {name!r}", "Give each column a name of its own")

    def rows(self, names: Sequence[str], skip: int = 0) -> Iterator[Row | BadRow]:
        """Read the rows. Raises: ConfigurationError if the file is damaged.

        Args:
            names: the columns to read.
            skip: number of rows, good or bad, to skip.
        """
        number = 0
        try:
            for batch in self._file.iter_batches(BATCH_ROWS, columns=list(names)):
                number += batch.num_rows
                if number <= skip:
                    continue
                first = number - batch.num_rows
                columns = [list(_values(column)) for column in batch.columns]
                for index in range(max(0, skip - first), batch.num_rows):
                    yield _row(first + index + 1, batch.schema.names, [column[index] for column in columns])
        except self._errors as error:
            raise self._unreadable(error, number) from None

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _unreadable(self, error: Exception, number: int = 0) -> ConfigurationError:
        after = f" after row {number:,}" if number else ""
        cause = f"cannot be read as Parquet{after} ({' '.join(str(error).split())[:200]})"
        return ConfigurationError(self._where, cause, "Check that the file is complete")


def _values(column: Any) -> Iterator[Any]:
    """Return a column's values; times as text, to the nanosecond."""
    from pyarrow import int64, types

    if not types.is_timestamp(column.type):
        return iter(column.to_pylist())
    unit, zone = _UNITS[column.type.unit], column.type.tz is not None
    whole = column.cast(int64()).to_pylist()
    return (None if value is None else _time_text(value * unit, zone) for value in whole)


def _time_text(moment: int, zone: bool) -> str:
    text = shortest(moment)
    return text if zone else text.removesuffix("Z")


def _row(number: int, names: Sequence[str], values: Sequence[Any]) -> Row | BadRow:
    cells: dict[str, str] = {}
    fault = ""
    for name, value in zip(names, values, strict=True):
        try:
            plain = _plain(value)
        except ValueError as error:
            fault, plain = fault or f"{name} {error}", str(value)
        if plain is not _MISSING:
            cells[name] = orjson.dumps(plain).decode()
    if not fault:
        return Row(number, cells, None)
    text = "{" + ",".join(f"{orjson.dumps(name).decode()}:{value}" for name, value in cells.items()) + "}"
    problem = MessageProblem.BAD_NUMBER if "finite" in fault else RowProblem.BAD_VALUE
    return BadRow(number, problem, f"{fault}. Leave it out with --drop, or correct the file", text)


def _plain(value: Any) -> Any:
    """Convert a value to JSON's types. Raises: ValueError if that is impossible."""
    if value is None:
        return _MISSING
    if isinstance(value, float):
        if math.isnan(value):
            return _MISSING  # how pandas writes that there is no value
        if math.isinf(value):
            raise ValueError("is not a finite number")
        return value
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | Decimal):
        return orjson.Fragment(str(value))
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, list):
        return [None if (one := _plain(entry)) is _MISSING else one for entry in value]
    if isinstance(value, dict):
        return {name: one for name, entry in value.items() if (one := _plain(entry)) is not _MISSING}
    raise ValueError(f"is of the type {type(value).__name__}, which JSON does not have")
