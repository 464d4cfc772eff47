"""The process of the processors: every item of a batch is answered, in order, whatever its processor does."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.tiering.stream.processing import Processors
from l3kit.tiering.stream.processor_child import FAILED, LAST, RESULTS, _answer, _items, batch_of, results_in

BATCHES = st.lists(st.lists(st.tuples(st.integers(0, 9), st.binary(max_size=20)), max_size=4), max_size=3)


@given(BATCHES)
def test_batches_are_read_as_they_were_sent(batches: list[list[tuple[int, bytes]]]) -> None:
    stream = io.BytesIO(b"".join(map(batch_of, batches)))
    assert list(_items(stream)) == [item for batch in batches for item in batch]


def answered(
    folder: Path, code: str, item: bytes = b'{"iotDeviceId":"d","id":"2026-01-01T00:00:00Z","v":1}'
) -> tuple[int, bytes]:
    path = folder / "mine.py"
    path.write_text(code)
    return _answer(Processors([path]), 0, item)


@pytest.mark.parametrize(("code", "count"), [("return None", 0), ("return item", 1), ("return [item, item]", 2)])
def test_results_are_taken_apart_as_they_were_answered(tmp_path: Path, code: str, count: int) -> None:
    kind, answer = answered(tmp_path, f"def process(item):\n    {code}\n")
    assert kind == RESULTS
    assert [b'"v":1' in result for result in results_in(answer)] == [True] * count
    if answer:
        with pytest.raises(ValueError, match="cut off"):
            results_in(answer[:-1])


def test_a_processor_that_fails_is_told_in_bytes_that_travel_whatever_it_says(tmp_path: Path) -> None:
    kind, told = answered(tmp_path, "def process(item):\n    raise ValueError('half a pair: \\ud800')\n")
    assert kind == FAILED
    assert b"half a pair: \\ud800" in told


def test_one_that_takes_all_memory_is_the_last_of_its_process(tmp_path: Path) -> None:
    kind, told = answered(tmp_path, "def process(item):\n    raise MemoryError\n")
    assert (kind, b"memory" in told) == (LAST, True)
