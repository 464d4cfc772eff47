"""The deployed movers, and the writers that they send to: every fault at every call, and in the run after it too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.faults.conftest import MakeWorld
from tests.faults.prepared import (
    one_object_of_several_parts,
    three_chunks,
    three_chunks_and_a_foreign_object,
    two_chunks,
)
from tests.faults.sweep import Setting, double_faults, single_faults
from tests.faults.world import Mover, World

pytestmark = pytest.mark.sandbox
HOT: Mover = "hot-to-cold-mover"
ARCHIVE: Mover = "cold-to-archive-mover"


@dataclass(frozen=True, slots=True)
class Sweep:
    """One setting under faults.

    Attributes:
        border: where the mover's target is: `same` cloud, `cold` or `archive` tier on another.
        at: whose calls are disturbed: the `mover`'s or the `writer`'s.
        twice: the run that finishes the disturbed one's work is disturbed as well.
        shards: into how many tests the cases are cut; the first is in `make test` unless all are `slow`.
    """

    mover: Mover
    prepare: Callable[[World], list[bytes]]
    shards: int
    border: str = "same"
    at: str = "mover"
    twice: bool = False
    slow: bool = False
    compression: str = ""

    def __str__(self) -> str:
        runs = "two runs" if self.twice else "one run"
        return f"{self.mover}, {self.prepare.__name__}, {self.border}, {self.at}, {runs}"


SWEEPS = (
    Sweep(HOT, three_chunks, 60),
    Sweep(HOT, three_chunks, 60, twice=True, slow=True),
    Sweep(HOT, two_chunks, 48, "cold", compression="zstd", slow=True),
    Sweep(HOT, two_chunks, 12, "cold", "writer", compression="zstd", slow=True),
    Sweep(HOT, two_chunks, 60, "cold", twice=True, slow=True),
    Sweep(ARCHIVE, three_chunks_and_a_foreign_object, 60),
    Sweep(ARCHIVE, three_chunks_and_a_foreign_object, 80, twice=True, slow=True),
    Sweep(ARCHIVE, three_chunks_and_a_foreign_object, 60, "archive", slow=True),
    Sweep(ARCHIVE, three_chunks_and_a_foreign_object, 8, "archive", "writer", slow=True),
    Sweep(ARCHIVE, one_object_of_several_parts, 60, "archive", slow=True),
    Sweep(ARCHIVE, one_object_of_several_parts, 60, "archive", "writer", slow=True),
)


def _cases() -> Iterator[Any]:
    for sweep in SWEEPS:
        for n in range(sweep.shards):
            marks = [pytest.mark.slow] * (sweep.slow or n > 0)
            yield pytest.param(sweep, (n, sweep.shards), id=f"{sweep}, {n}of{sweep.shards}", marks=marks)


@pytest.mark.parametrize(("sweep", "shard"), [*_cases()])
def test_a_fault_at_any_call_loses_and_doubles_nothing(
    make_world: MakeWorld, tallied: Callable[[World], World], sweep: Sweep, shard: tuple[int, int]
) -> None:
    tuning = {"COMPRESSION": sweep.compression} if sweep.compression else {}
    world = tallied(make_world(sweep.border, **tuning))
    setting = Setting(sweep.mover, sweep.prepare, world.writer if sweep.at == "writer" else None)
    faults = double_faults if sweep.twice else single_faults
    assert faults(world, setting, shard) > 0
