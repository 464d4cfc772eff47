"""Results on terminals of any width, with and without colours."""

from __future__ import annotations

import io
import re

import pytest

from l3kit.cli.rendering import show
from l3kit.notebook.tables import Displayable, Sheet, Table

GREEN, RED = "\x1b[32m", "\x1b[31m"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Plan(Displayable):
    """A plan of two changes, and seven resources that stay."""

    def sheet(self) -> Sheet:
        changes = (("+ create", "table", "plant-hot-iot-data", "missing"), ("- delete", "role", "old", "not needed"))
        same = tuple(("  unchanged", "role", f"role-{n}", "") for n in range(7))
        folded = frozenset(range(2, 9))
        head = ("action", "resource", "name", "reason")
        return Sheet("2 changes", (Table(head, changes + same, tint_column="action", folded=folded),), ("a note",))


def shown(monkeypatch: pytest.MonkeyPatch, width: int, *, unchanged: bool = False, **variables: str) -> str:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"COLUMNS": str(width), "TERM": "xterm-256color", **variables}.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    show(Plan(), terminal, unchanged=unchanged)
    return terminal.getvalue()


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_rows_of_a_plan_have_the_colour_of_their_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = shown(monkeypatch, 100).splitlines()
    assert GREEN in next(line for line in lines if "+ create" in line)
    assert RED in next(line for line in lines if "- delete" in line)


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_there_are_no_escape_codes_where_they_are_not_wanted(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    assert "\x1b" not in shown(monkeypatch, 100, **variables)


def test_resources_that_stay_are_counted_unless_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "7 more are unchanged" in plain(shown(monkeypatch, 100))
    assert "role-6" in shown(monkeypatch, 100, unchanged=True)


@pytest.mark.parametrize("width", [120, 80, 60, 40, 20])
def test_no_line_is_wider_than_the_terminal_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    text = plain(shown(monkeypatch, width))
    assert max(map(len, text.splitlines())) <= width
    assert "plant-hot-iot-data" in re.sub(r"\s", "", text)
    assert "missing" in text


def test_a_terminal_too_narrow_for_columns_has_a_line_for_each_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    assert re.search(r"^name +plant-hot-iot-data *$", plain(shown(monkeypatch, 40)), re.MULTILINE)
    assert not re.search(r"^name +plant-hot", plain(shown(monkeypatch, 80)), re.MULTILINE)


def test_names_stay_whole_where_there_is_room_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    reason = "variable DIGITAL_TWIN_INFO differs; run the deployment again"
    head, name = ("subject", "expected", "hint"), "function solo-cold-to-archive-mover"

    class Checks(Displayable):
        def sheet(self) -> Sheet:
            return Sheet("", (Table(head, ((name, "unchanged", reason),)),))

    monkeypatch.setenv("NO_COLOR", "1")
    for width, whole in ((60, True), (50, False)):
        monkeypatch.setenv("COLUMNS", str(width))
        terminal = Terminal()
        show(Checks(), terminal)
        assert ("solo-cold-to-archive-mover" in terminal.getvalue()) is whole
        assert max(map(len, terminal.getvalue().splitlines())) <= width
