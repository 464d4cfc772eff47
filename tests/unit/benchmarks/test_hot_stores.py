"""The table of the hot stores' benchmark."""

from __future__ import annotations

from benchmarks.hot_stores import Measured, table

EMPTY = [Measured("cosmos", way, 0, 1.0, 2.0, 40_000, 0, 1) for way in ("naive", "l3kit")]
NAIVE = Measured("cosmos", "naive", 2, 9.0, 12.0, 51_200, 6_000, 0)
OURS = [Measured("cosmos", "l3kit", 2, cpu, 4.0, 102_400, 6_000, 600) for cpu in (2.0, 1.4)]


def test_the_quickest_run_counts_and_what_it_takes_beyond_its_start_is_scaled_to_100_mb() -> None:
    text = table([*EMPTY, NAIVE, *OURS])
    assert "| cosmos | l3kit | 2 MB | 1.0 s | 21.0 s | 102 s | 100 MB | 600 |" in text
    assert "| cosmos | naive | 2 MB | 1.0 s | 401.0 s | 502 s | 50 MB | not counted |" in text
    assert text.endswith("cosmos: the naive method takes 19.1 times the CPU of l3kit's mover")


def test_without_the_other_way_there_is_no_ratio() -> None:
    assert "times the CPU" not in table([*EMPTY, *OURS])
