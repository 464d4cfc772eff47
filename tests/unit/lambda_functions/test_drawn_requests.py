"""Every cloud's receivers and readers of messages answer as docs/reference/openapi.yaml says to whatever is drawn."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import schemathesis
from hypothesis import settings

from tests.support.chain import ChainWorld
from tests.support.entrances import TO_ALL, TO_READERS, Entrances, check_letters
from tests.support.protocol_requests import DRAWN, SCHEMA, repeatable, send, send_query

pytestmark = pytest.mark.slow  # schemathesis draws its boundary values for each operation as tests are collected


@SCHEMA.include(path=TO_ALL).parametrize()
@settings(repeatable, max_examples=10)
def test_drawn_messages_are_taken_or_refused_as_documented(
    case: schemathesis.Case, entrances: Entrances, worlds: Mapping[str, ChainWorld]
) -> None:
    send(case, entrances[case.operation.path])
    check_letters(worlds[case.operation.path[1:]])


@SCHEMA.include(path=TO_READERS).parametrize()
@settings(repeatable, max_examples=10)
def test_drawn_queries_are_answered_or_refused_as_documented(case: schemathesis.Case, entrances: Entrances) -> None:
    send_query(case, entrances[case.operation.path])


@DRAWN.include(path=TO_ALL).parametrize()
@settings(repeatable, max_examples=600)
def test_very_many_drawn_messages_are_taken_or_refused_as_documented(
    case: schemathesis.Case, entrances: Entrances, worlds: Mapping[str, ChainWorld]
) -> None:
    send(case, entrances[case.operation.path])
    check_letters(worlds[case.operation.path[1:]])


@DRAWN.include(path=TO_READERS).parametrize()
@settings(repeatable, max_examples=300)
def test_very_many_drawn_queries_are_answered_or_refused_as_documented(
    case: schemathesis.Case, entrances: Entrances
) -> None:
    send_query(case, entrances[case.operation.path])
