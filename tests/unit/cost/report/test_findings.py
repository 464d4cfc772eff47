"""What a bill comes to in words: shares, parts, and what larger chunks save."""

from __future__ import annotations

from l3kit.cost.report.findings import chunk_saving, per_cent, plain
from tests.unit.cost.scenarios import scenario


def test_larger_chunks_save_nothing_where_a_run_does_not_fill_the_small_ones() -> None:
    assert chunk_saving(scenario(items_per_device_per_day=10)).saved == 0
    saved = chunk_saving(scenario(items_per_device_per_day=86_400)).saved
    assert saved is not None
    assert saved > 0


def test_shares_and_rows_in_words() -> None:
    assert [per_cent(share).replace("\N{NO-BREAK SPACE}", " ") for share in (0.4438, 0.0053, 0.0001, 0)] == [
        "44 %",
        "0.5 %",
        "less than 0.1 %",
        "0 %",
    ]
    assert plain("hot to cold: delete moved items") == "delete moved items (hot to cold)"
    assert plain("all else") == "all else"
