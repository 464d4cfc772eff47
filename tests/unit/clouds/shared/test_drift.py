"""Drift: what was sent against what the cloud answers, by path; another spelling is none, and no secret is shown."""

from __future__ import annotations

from typing import Any

import pytest

from l3kit.clouds.ports.changes import SECRET
from l3kit.clouds.shared.drift import alike_in_any_case, drift

WANTED = {"class": "COLD", "access": {"uniform": {"enabled": True}, "public": "enforced"}, "labels": {"a": "b"}}


def test_an_answer_with_more_than_was_sent_is_no_drift() -> None:
    answer = {**WANTED, "etag": "x", "access": {**WANTED["access"], "locked": "2030"}, "labels": {"a": "b", "c": "d"}}
    assert drift(WANTED, answer) == []


def test_each_path_that_differs_is_told_with_both_values() -> None:
    there = {"class": "HOT", "access": {"uniform": {"enabled": False}}, "labels": {"a": "b"}}
    found = {one.words: [str(change) for change in one.changes] for one in drift(WANTED, there)}
    assert found == {
        "class is HOT, not COLD": ["~ class  HOT -> COLD"],
        "access.uniform.enabled is off, not on": ["~ access.uniform.enabled  off -> on"],
        "access.public is not set, not enforced": ["+ access.public  enforced"],
    }


def test_a_path_has_a_name_for_people() -> None:
    (found,) = drift({"a": {"b": 1}}, {}, words={"a.b": "size"})
    assert found.words == "size is not set, not 1"


@pytest.mark.parametrize(
    ("wanted", "answer"),
    [
        (0, None),
        ("0", 0),
        (False, None),
        ({}, None),
        ([], None),
        ("0s", None),
        (900, "900"),
        ("900s", "900.000s"),
        ([{"a": 1}], [{"a": "1"}]),
        (True, True),
    ],
)
def test_another_spelling_of_the_same_is_no_drift(wanted: Any, answer: Any) -> None:
    assert drift({"x": wanted}, {} if answer is None else {"x": answer}) == []


@pytest.mark.parametrize(
    ("wanted", "answer"),
    [(1, 2), ("900s", "900.5s"), (["a"], ["a", "b"]), (["a", "b"], ["b", "a"]), (True, False), ({}, {"ttl": "9s"})],
)
def test_another_value_is_drift(wanted: Any, answer: Any) -> None:
    assert len(drift({"x": wanted}, {"x": answer})) == 1


def test_a_comparison_of_its_own_decides_for_its_path() -> None:
    same = {"location": alike_in_any_case}
    assert drift({"location": "australiaeast"}, {"location": "Australia East"}, same=same) == []
    assert len(drift({"location": "australiaeast"}, {"location": "Australia West"}, same=same)) == 1


@pytest.mark.parametrize("there", [{"env": {"TOKEN": "old-secret"}}, {}])
def test_a_secret_is_never_shown(there: dict[str, Any]) -> None:
    (found,) = drift({"env": {"TOKEN": "new-secret"}}, there, secret=["env"])
    told = f"{found.words} {' '.join(map(str, found.changes))}"
    assert SECRET in told
    assert "-secret" not in told
