"""Counts in words."""

from __future__ import annotations

import pytest

from l3kit.tiering.counts import count_of


@pytest.mark.parametrize(
    ("number", "words", "said"),
    [
        (0, ("reading",), "0 readings"),
        (1, ("reading",), "1 reading"),
        (26_115, ("reading",), "26,115 readings"),
        (1, ("copy", "copies"), "1 copy"),
        (2, ("copy", "copies"), "2 copies"),
    ],
)
def test_one_thing_is_told_in_the_singular(number: int, words: tuple[str, ...], said: str) -> None:
    assert count_of(number, *words) == said
