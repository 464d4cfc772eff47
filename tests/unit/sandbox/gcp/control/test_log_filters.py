"""Filters over log entries."""

from __future__ import annotations

import pytest

from l3kit.sandbox.gcp.control.answers import RefusedError
from l3kit.sandbox.gcp.control.log_filters import matches, texts_at

ENTRY = {"severity": "WARNING", "resource": {"labels": {"service_name": "a"}}, "jsonPayload": {"l3kit": {"Lag": 2.5}}}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ('resource.labels.service_name="a"', True),
        ('resource.labels.service_name=("b" OR "a")', True),
        ('resource.labels.service_name=("b" OR "c")', False),
        ("jsonPayload.l3kit.Lag>2", True),
        ("jsonPayload.l3kit.Lag>=3", False),
        ("jsonPayload.l3kit.None>=0", False),
        ("NOT httpRequest.status>=500", True),
        ("NOT jsonPayload.l3kit.Lag>2", False),
        ("severity>=ERROR", False),
        ('severity>=INFO AND resource.labels.service_name="a"', True),
    ],
)
def test_an_entry_fulfils_every_term_or_not(asked: str, expected: bool) -> None:
    assert matches(asked, ENTRY) is expected


def test_the_texts_of_a_path_are_those_that_a_term_allows() -> None:
    assert texts_at('a>1 AND b.c=("x" OR "y")', "b.c") == ("x", "y")
    assert texts_at("a>1", "b.c") == ()


def test_what_is_not_understood_is_refused() -> None:
    with pytest.raises(RefusedError, match="does not understand"):
        matches("textPayload:abc", ENTRY)
