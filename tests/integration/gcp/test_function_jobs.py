"""Functions other than movers and readers do their jobs with exactly their roles, and miss each one that goes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pytest

from tests.support.google_grants import NAMES, Piece, Table, pieces_of
from tests.support.google_jobs import CASES, Case, Workplace, done, workplace


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    with workplace(tmp_path_factory.mktemp("jobs")) as made:
        yield made


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_function_does_its_job_with_exactly_its_roles_and_uses_each(work: Workplace, case: Case) -> None:
    table = Table(case.layout)
    assert asyncio.run(done(work, case, table)) == []
    assert table.refused == set()
    assert table.used == set(pieces_of(case.function, case.layout))


TRIALS = [(case, piece) for case in CASES for piece in pieces_of(case.function, case.layout)]


@pytest.mark.parametrize(("case", "piece"), TRIALS, ids=str)
def test_a_role_taken_away_is_missed_by_name(
    work: Workplace, case: Case, piece: Piece, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    table = Table(case.layout, piece)
    problems = asyncio.run(done(work, case, table))
    print(problems, caplog.text)
    assert problems
    assert table.refused == {(NAMES.email(piece.function), piece.permission)}
    assert asyncio.run(done(work, case, Table(case.layout))) == []
