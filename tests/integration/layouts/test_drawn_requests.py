"""Every cloud's writers, deployed, answer as docs/reference/openapi.yaml says to whatever is drawn."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import settings

from tests.integration.layouts.writers import ARCHIVE, COLD, Writers
from tests.support.protocol_requests import DRAWN, SCHEMA, repeatable, send

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]  # schemathesis draws boundary values as tests are collected


@SCHEMA.include(path=[COLD, ARCHIVE]).parametrize()
@settings(repeatable, max_examples=10)
def test_drawn_requests_are_taken_or_refused_as_documented(case: schemathesis.Case, writers: Writers) -> None:
    send(case, writers[case.operation.path])


@DRAWN.include(path=[COLD, ARCHIVE]).parametrize()
@settings(repeatable, max_examples=600)
def test_very_many_drawn_requests_are_taken_or_refused_as_documented(case: schemathesis.Case, writers: Writers) -> None:
    send(case, writers[case.operation.path])
