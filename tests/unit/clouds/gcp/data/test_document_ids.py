"""Bounds: whatever text is given, it separates the ids that can be as plain comparison of strings does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from l3kit.clouds.gcp.data import document_ids
from l3kit.clouds.gcp.data.document_ids import Position, above, below, decode, encode, refusal

LETTERS = "\x00\x01./0-^_`a\x7f\x80é߿ࠀ\ud7ff\ud800\udfff\ue000\uffff🌡\U0010ffff"
letters = st.sampled_from(LETTERS)
bounds = st.text(letters, max_size=9) | st.text(max_size=4)
ids = bounds.map(lambda text: text.replace("/", "0"))


@pytest.fixture(scope="module", autouse=True)
def short_ids() -> Iterator[None]:
    """Six bytes at most, so that the edge at the greatest length is met all the time."""
    whole = document_ids.MAX_BYTES
    document_ids.MAX_BYTES = 6
    yield
    document_ids.MAX_BYTES = whole


def is_less(one: str, position: Position | None) -> bool:
    """Whether an id lies before a position, as Firestore's cursors see it."""
    if position is None:
        return False
    return one < position.id or (one == position.id and not position.before)


@given(one=ids, bound=bounds)
@example("__a__x", "__a__")
@example("____", "_____\x00")
@example("aaaaaa", "aaaaaaa")
@example("____^", "______")
@example("aaaaaé", "aaaaa\uffff")
@example(".", "..")
@example("a", "a\x00\x00")
def test_a_bound_separates_ids_as_the_text_itself_does(one: str, bound: str) -> None:
    assume(refusal(one) is None)
    for position in (below(bound), above(bound)):
        assert position is None or refusal(position.id) is None
    assert is_less(one, below(bound)) == (one < bound)
    assert is_less(one, above(bound)) == (one <= bound)


@given(bound=bounds, shared=st.integers(0, 6), rest=st.text(letters, max_size=3))
def test_a_bound_separates_ids_that_begin_as_it_does(bound: str, shared: int, rest: str) -> None:
    one = bound[:shared] + rest
    assume(refusal(one) is None)
    assert is_less(one, below(bound)) == (one < bound)
    assert is_less(one, above(bound)) == (one <= bound)


@given(text=st.text(letters, max_size=3) | st.text(max_size=3) | st.sampled_from(["..", "__", "____", "__x__", "%2F"]))
def test_encoding_is_reversible_and_gives_an_id(text: str) -> None:
    assume(text and not any("\ud800" <= letter <= "\udfff" for letter in text))
    assert decode(encode(text)) == text
    whole, document_ids.MAX_BYTES = document_ids.MAX_BYTES, 100
    try:
        assert refusal(encode(text)) is None
    finally:
        document_ids.MAX_BYTES = whole


def test_ordinary_ids_stay_as_they_are() -> None:
    for text in ("EWR", "传感器-1", "a+b c", "2026-01-01T00:00:00+00:00", "_x", "a.b"):
        assert encode(text) == text
