"""Plugin of pytest that cuts the long tests into slices, and counts what a run found.

A slice takes every n-th long test of every file, so each has its share of every suite and about the same time.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

FIGURES = ("passed", "failed", "faults", "checks", "lost", "doubled")
_ONLY_LONG = re.compile(r"^pytestmark = .*\bpytest\.mark\.slow\b", re.MULTILINE)


def in_slice(node_ids: Sequence[str], number: int, count: int) -> set[str]:
    """The tests of slice `number` of `count` (from 1): every `count`-th of each file, by name.

    The count goes on from file to file, so that small files do not all end in the first slice.
    """
    ordered = sorted(node_ids, key=lambda node_id: (node_id.split("::")[0], node_id))
    return set(ordered[number - 1 :: count])


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("l3kit")
    group.addoption("--slice", type=_slice, metavar="N/K", help="run only the long tests of slice N of K")
    group.addoption("--figures", type=Path, metavar="FILE", help="write the run's counts as JSON")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out modules of long tests alone where none is wanted: importing them takes each worker seconds."""
    if config.option.markexpr != "not slow" or collection_path.suffix != ".py":
        return None
    return True if _ONLY_LONG.search(collection_path.read_text(encoding="utf-8")) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave what the chosen slice holds of the long tests that were collected; without `--slice` everything."""
    wanted = config.getoption("--slice")
    if wanted is None:
        return
    chosen = in_slice([item.nodeid for item in items if item.get_closest_marker("slow")], *wanted)
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in chosen])
    items[:] = [item for item in items if item.nodeid in chosen]


def _slice(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,3})/(\d{1,3})", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise argparse.ArgumentTypeError(f"{text!r} is not a slice: give N/K with N from 1 to K")
    return int(found[1]), int(found[2])
