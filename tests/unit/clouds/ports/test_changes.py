"""Changes of attributes: their sign, their short form, and nothing of a secret but its presence."""

from __future__ import annotations

import pytest

from l3kit.clouds.ports.changes import (
    BEGINNING,
    MOST,
    Change,
    Difference,
    attributes,
    change,
    differs,
    hidden_change,
    list_changes,
)
from l3kit.clouds.ports.resources import Finding


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("256 MB", "512 MB", "~ memory  256 MB -> 512 MB"),
        (None, "512 MB", "+ memory  512 MB"),
        ("256 MB", "", "- memory  256 MB"),
        (False, True, "~ memory  off -> on"),
        (0, 2, "~ memory  0 -> 2"),
        ({"b": 1, "a": [2]}, None, '- memory  {"a":[2],"b":1}'),
        ("a\n b\t", "c", "~ memory  a b -> c"),
    ],
)
def test_a_change_is_one_line_with_its_sign(old: object, new: object, line: str) -> None:
    assert str(change("memory", old, new)) == line


def test_long_values_are_shortened_and_still_told_apart() -> None:
    made = change("info", "x" * MOST + "a", "x" * MOST + "b")
    assert made.old.startswith("x" * BEGINNING + "... (201 characters, sha256 ")
    assert made.old != made.new
    assert change("info", "x" * MOST, None).old == "x" * MOST


@pytest.mark.parametrize(
    ("was", "will_be", "line"),
    [
        (True, True, "~ token  (secret) -> (secret)"),
        (False, True, "+ token  (secret)"),
        (True, False, "- token  (secret)"),
    ],
)
def test_of_a_secret_only_its_presence_is_told(was: bool, will_be: bool, line: str) -> None:
    assert str(hidden_change("token", was=was, will_be=will_be)) == line


def test_several_values_come_and_go_each_by_itself() -> None:
    assert [str(one) for one in list_changes("caller", ["a", "b"], ["b", "c"])] == ["- caller  a", "+ caller  c"]


def test_main_attributes_without_a_value_are_left_out() -> None:
    assert attributes({"memory": "1 MB", "runs as": "", "public": None}) == (Change("memory", "", "1 MB"),)


def test_a_difference_without_values_is_told_in_words() -> None:
    finding = Finding.of(True, [Difference("its ownership tag is missing"), differs("x is 1", "x", 1, 2)])
    assert finding.differences == ("its ownership tag is missing", "x is 1")
    assert [str(one) for one in finding.changes] == ["~ its ownership tag is missing", "~ x  1 -> 2"]
