"""Results on a terminal: tables of its width, coloured by the meaning of their rows."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from l3kit.notebook.tables import UNBROKEN, Displayable, visible
from l3kit.tiering.counts import count_of

if TYPE_CHECKING:
    from l3kit.notebook.tables import Table

NO_COLOUR = "NO_COLOR"
"""Environment variable that switches escape codes off if it is not empty (no-color.org)."""
STYLES = {"+": "green", "~": "yellow", "-": "red"}
"""Styles of a plan's rows, by mark."""
WORDS = {"failed": "red", "archived": "yellow", "restoring": "yellow", "keep": "blue"}
"""Styles of other tables' rows, by status."""
GAP = 2
"""Blanks between columns."""


def show(answer: object, stream: TextIO, *, unchanged: bool = False) -> None:
    """Write a result to a terminal.

    Args:
        unchanged: also show the rows of a plan that change nothing; otherwise only their number if they are many.
    """
    plain = bool(os.environ.get(NO_COLOUR))
    console = Console(file=stream, color_system=None if plain else "auto", highlight=False, markup=False, emoji=False)
    if not isinstance(answer, Displayable):
        console.print(Text(str(answer)))
        return
    sheet = answer.sheet()
    if sheet.sentence:
        console.print(Text(visible(sheet.sentence), style="bold"))
    for one in sheet.tables:
        _show_table(one, console, unchanged=unchanged)
    for note in sheet.notes:
        console.print(Text(visible(note), style=STYLES.get(note[:1], "")))


def _show_table(table: Table, console: Console, *, unchanged: bool) -> None:
    if table.title:
        console.print(Text(table.title, style="bold"))
    folded = frozenset[int]() if unchanged else table.folded
    shown = [number for number in range(len(table.rows)) if number not in folded]
    if shown:
        room = console.width - GAP * (len(table.head) - 1)
        whole, broken = (_least_widths(table, shown, longest) for longest in (2 * UNBROKEN, UNBROKEN))
        least = next((widths for widths in (whole, broken) if sum(widths) <= room), None)
        if least is None:
            _show_blocks(table, shown, console)
        else:
            _show_grid(table, shown, least, console)
    if folded:
        console.print(Text(f"{count_of(len(folded), 'more is', 'more are')} {_words(table, folded)}", style="dim"))
    if table.more:
        console.print(Text(table.more))


def _show_grid(table: Table, shown: list[int], widths: list[int], console: Console) -> None:
    """One line or more for each row, long cells wrapped."""
    grid = Grid(box=None, pad_edge=False, padding=(0, GAP, 0, 0), show_edge=False, header_style="bold")
    for name, least in zip(table.head, widths, strict=True):
        right = name in table.numeric
        grid.add_column(Text(name), justify="right" if right else "left", min_width=least, overflow="fold")
    for number in shown:
        grid.add_row(*map(Text, table.rows[number]), style=_style(table, number))
    console.print(grid)


def _show_blocks(table: Table, shown: list[int], console: Console) -> None:
    """A line for each cell, where the terminal is too narrow for columns."""
    widest = max(map(len, table.head))
    for number in shown:
        grid = Grid.grid(padding=(0, GAP, 0, 0))
        grid.add_column(min_width=widest, style="bold")
        grid.add_column(overflow="fold", style=_style(table, number))
        for name, cell in zip(table.head, table.rows[number], strict=True):
            if cell:
                grid.add_row(Text(name), Text(cell))
        console.print(grid)
        console.print()


def _least_widths(table: Table, shown: list[int], longest: int) -> list[int]:
    """The minimum width of each column: enough for short cells, and for words up to a certain length."""
    rows = [table.head, *(table.rows[number] for number in shown)]
    return [max(_least_width(text, longest) for text in column) for column in zip(*rows, strict=True)]


def _least_width(text: str, longest: int) -> int:
    if len(text) <= UNBROKEN:
        return len(text)
    return min(max(map(len, text.split()), default=0), longest)


def _style(table: Table, number: int) -> str:
    if number in table.strong:
        return "bold"
    if not table.tint_column:
        return ""
    word = table.rows[number][table.head.index(table.tint_column)]
    return STYLES.get(word[:1], WORDS.get(word.strip(), ""))


def _words(table: Table, folded: frozenset[int]) -> str:
    at = table.head.index(table.tint_column)
    return ", ".join(sorted({table.rows[number][at].strip() for number in folded}))
