"""Values of options: several in one."""

from __future__ import annotations

import pytest
import typer

from l3kit.cli import main
from l3kit.cli.values import listed
from tests.support.answering import EXAMPLE


def test_several_values_are_separated_by_commas_or_given_again() -> None:
    assert listed(["a,b", '"c,d"', " e"]) == ["a", "b", "c,d", "e"]
    assert listed(None) == []


@pytest.mark.parametrize("given", ["", "a,,b", "a,", "a\nb"])
def test_a_list_with_a_gap_or_a_line_break_is_refused(given: str) -> None:
    with pytest.raises(typer.BadParameter, match="a list of values has"):
        listed([given])


def test_an_empty_choice_of_clouds_does_not_choose_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["apply", EXAMPLE, "--yes", "--clouds", ""]) == 2
    assert "leave the option out" in capsys.readouterr().err
