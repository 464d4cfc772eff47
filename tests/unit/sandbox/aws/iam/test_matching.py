"""Wildcards cover what they say, and nothing is special but `*` and `?`."""

from __future__ import annotations

import re
from fnmatch import translate

from hypothesis import given
from hypothesis import strategies as st

from l3kit.sandbox.aws.iam.matching import matches

TEXT = st.text("ab.:/[]*?\\\n", max_size=8)


def naive(wanted: str, actual: str) -> bool:
    """The definition, one character at a time."""
    if not wanted:
        return not actual
    if wanted[0] == "*":
        return naive(wanted[1:], actual) or (bool(actual) and naive(wanted, actual[1:]))
    return bool(actual) and wanted[0] in ("?", actual[0]) and naive(wanted[1:], actual[1:])


@given(TEXT, TEXT)
def test_matching_is_the_definition(wanted: str, actual: str) -> None:
    assert matches(wanted, actual) is naive(wanted, actual)


@given(st.text("abc*?", max_size=8), st.text("abc", max_size=8))
def test_matching_agrees_with_the_shells(wanted: str, actual: str) -> None:
    assert matches(wanted, actual) is bool(re.fullmatch(translate(wanted), actual))


@given(TEXT, TEXT, TEXT)
def test_a_star_covers_any_middle(before: str, middle: str, after: str) -> None:
    literal = str.maketrans("", "", "*?")
    before, after = before.translate(literal), after.translate(literal)
    assert matches(f"{before}*{after}", before + middle + after)
