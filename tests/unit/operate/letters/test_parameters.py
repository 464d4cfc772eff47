"""Parameters of the notebook `letters`: what is wrong is told before anything is read, and empty means all."""

from __future__ import annotations

from typing import Any

import pytest

from l3kit.errors import ConfigurationError
from l3kit.notebook.parameter_model import check
from l3kit.operate.letters.parameters import LettersParameters
from tests.unit.notebook.test_parameters import cell_values


def asked(**values: Any) -> LettersParameters:
    defaults, _ = cell_values("letters")
    return check(LettersParameters, {**defaults, **values})


def test_by_default_all_letters_are_chosen_up_to_the_limit_and_nothing_is_sent() -> None:
    p = asked()
    assert p.choice == {"problem": [], "device": None, "since": None, "limit": 1000}
    assert p.dry_run


def test_a_choice_is_handed_on_and_no_limit_is_all() -> None:
    p = asked(problems=["superseded", "undelivered"], device="JFK", since="2026-05-31", limit=0)
    assert p.choice == {
        "problem": ["superseded", "undelivered"],
        "device": "JFK",
        "since": "2026-05-31",
        "limit": None,
    }


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("problems", ["unknown-devise"], "unknown-devise: not known. Known: action-failed, bad-device"),
        ("problems", "no-time", "valid list"),
        ("since", "yesterday", "neither ISO 8601"),
        ("limit", -1, "greater than or equal to 0"),
        ("limit", "all", "valid integer"),
        ("dry_run", "no", "valid boolean"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(name: str, value: object, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        asked(**{name: value})
    assert f"{name} = {value!r}" in str(caught.value)
    assert words in str(caught.value)
