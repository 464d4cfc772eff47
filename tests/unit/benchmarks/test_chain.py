"""The chain's benchmark: both ways run for real with a few messages, and what is told of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.chain import Measured, main, measure, table
from benchmarks.chain_worker import WARM_UP

NAIVE = Measured("naive", 100, 1000, 4.0, 8.0, 0, 1020, 1020)
L3KIT = Measured("l3kit", 100, 1000, 0.4, 0.5, 1020, 0, 41)


def test_the_chain_stores_every_message_exactly_and_writes_batches() -> None:
    found = measure("l3kit", 30, 40)
    assert found.exact
    assert (found.equal, found.requests) == (60, 4)
    assert found.cpu > 0


@pytest.mark.slow
def test_the_naive_chain_stores_every_message_by_a_request_of_its_own_and_loses_digits() -> None:
    found = measure("naive", 30, 40)
    assert (found.altered, found.requests) == (60, 60)
    assert not found.exact


def test_the_run_with_the_least_cpu_counts_and_a_ratio_is_of_cpu() -> None:
    text = table([NAIVE, replace(L3KIT, cpu=0.9), L3KIT, replace(NAIVE, cpu=5.0)])
    assert "  100  l3kit               400           2,000  1,020/1,020        41" in text
    assert text.endswith("batches of 100: naive CPU / l3kit CPU 10.0  goal at least 8: met")
    assert "MISSED" in table([NAIVE, replace(L3KIT, cpu=0.9)])


def test_single_messages_have_no_goal_and_one_way_no_ratio() -> None:
    single = [replace(NAIVE, batch=1), replace(L3KIT, batch=1)]
    assert "goal" not in table(single)
    assert "batches of" not in table([L3KIT])


def test_a_message_that_is_lost_or_altered_fails_the_benchmark() -> None:
    assert not replace(L3KIT, equal=L3KIT.messages + WARM_UP - 1).exact
    assert not replace(L3KIT, equal=L3KIT.messages + WARM_UP - 1, altered=1).exact


@pytest.mark.slow
def test_the_benchmark_runs_and_prints_its_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--messages", "20", "--batches", "10", "--runs", "1"]) == 0
    assert "batches of 10: naive CPU / l3kit CPU" in capsys.readouterr().out
