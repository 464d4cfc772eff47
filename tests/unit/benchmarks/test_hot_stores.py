"""The table of the hot stores' benchmark."""

from __future__ import annotations

from benchmarks.hot_stores import Measured, table

NAIVE = Measured("cosmos", "naive", 0.5, 4.0, 10.0, 51_200, 1_500, 0)
OURS = [Measured("cosmos", "l3kit", 10, cpu, 20.0, 102_400, 30_000, 600) for cpu in (5.0, 4.0)]


def test_the_quickest_run_counts_and_all_is_scaled_to_100_mb() -> None:
    text = table([NAIVE, *OURS])
    assert "| cosmos | l3kit | 10 MB | 40.0 s | 200 s | 100 MB | 600 |" in text
    assert "| cosmos | naive | 0.5 MB | 800.0 s | 2000 s | 50 MB | not counted |" in text
    assert text.endswith("cosmos: the naive way takes 20.0 times the CPU of l3kit's mover")


def test_without_the_other_way_there_is_no_ratio() -> None:
    assert "times the CPU" not in table(OURS)
