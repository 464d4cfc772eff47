"""Functions other than movers and readers do their jobs with exactly their roles, and miss each one that goes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pytest

from tests.support.google_grants import NAMES, Piece, Table, pieces_of
from tests.support.google_jobs import CASES, Case, done
from tests.support.google_workplace import Workplace, workplace

OVERWRITING = "storage.objects.delete"
"""Cloud Storage asks it of whoever uploads onto a name that is taken; functions find so that the object is there."""


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    with workplace(tmp_path_factory.mktemp("jobs")) as made:
        yield made


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_function_does_its_job_with_exactly_its_roles_and_uses_each(work: Workplace, case: Case) -> None:
    table = Table(case.layout)
    assert asyncio.run(done(work, case, table)) == []
    assert {permission for _, permission in table.refused} <= {OVERWRITING}
    assert table.used == set(pieces_of(case.function, case.layout))


TRIALS = [(case, piece) for case in CASES for piece in pieces_of(case.function, case.layout)]


@pytest.mark.parametrize(("case", "piece"), TRIALS, ids=str)
def test_a_role_taken_away_is_missed_by_name(
    work: Workplace, case: Case, piece: Piece, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    table, email = Table(case.layout, piece), NAMES.email(piece.function)
    problems = asyncio.run(done(work, case, table))
    assert problems
    assert piece.permission in f"{problems} {caplog.text}"
    assert table.refused - {(email, OVERWRITING)} == {(email, piece.permission)} - {(email, OVERWRITING)}
    assert (email, piece.permission) in table.refused
    assert asyncio.run(done(work, case, Table(case.layout))) == []
