"""Letters as text: a block for each on a terminal, a line for each in a pipe."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from l3kit.notebook.gaps import gaps_tables
from l3kit.notebook.tables import MAX_ROWS, Sheet, format_value
from l3kit.operate.letters.listing import COLUMNS, FOREIGN, LetterRow, LettersReport
from l3kit.operate.letters.outcomes import LettersReplay

INDENT = "  "
LEAST_WIDTH = 40
"""Narrower terminals get lines of this length."""


def letters_in_blocks(report: LettersReport, width: int) -> str:
    """The sentence, then for each letter a line on what it is, and below it the cause and the key."""
    blocks = ((_about(row), (row.cause, row.key)) for row in report.rows[:MAX_ROWS])
    return _page(Sheet(report.summary(), gaps_tables(report.gaps), report.notes), blocks, len(report.rows), width)


def letters_in_lines(report: LettersReport) -> str:
    """A head and a line for each letter, with tabs between the columns."""
    rows = [[format_value(getattr(row, name)) for name in COLUMNS] for row in report.rows]
    return "\n".join("\t".join(" ".join(cell.split()) for cell in row) for row in [COLUMNS, *rows])


def replay_in_blocks(result: LettersReplay, width: int) -> str:
    """The sentence and the counts, then a block for each letter that stayed."""
    blocks = (
        (
            (one.problem, one.device or "", one.outcome, f"{one.function} on {one.cloud}"),
            (one.reason, one.key),
        )
        for one in result.left
    )
    return _page(result.sheet(without_left=True), blocks, len(result.left), width)


def _about(row: LetterRow) -> Sequence[str]:
    moment = f"received {format_value(row.received)}" if row.received else f"written {format_value(row.written)}"
    writer = f"{row.function} on {row.cloud}" if row.function else f"on {row.cloud}"
    return row.problem or FOREIGN, row.device or "", moment, writer, f"{row.bytes:,} bytes"


def _page(sheet: Sheet, blocks: Iterable[tuple[Sequence[str], Sequence[str]]], count: int, width: int) -> str:
    """Put the blocks between the sentence of a sheet and its tables."""
    lines = [sheet.sentence]
    for about, further in blocks:
        lines += _wrapped(INDENT.join(format_value(one) for one in about if one), width, "")
        for text in further:
            lines += _wrapped(format_value(text), width, INDENT)
    if count > MAX_ROWS:
        lines.append(f"{count - MAX_ROWS:,} more are not shown; --json tells them all")
    return "\n".join([*lines, *filter(None, [str(Sheet("", sheet.tables, sheet.notes))])])


def _wrapped(text: str, width: int, indent: str) -> Iterator[str]:
    """Wrap at blanks alone, so that a key or a time can be copied."""
    yield from textwrap.wrap(
        text,
        max(width, LEAST_WIDTH),
        initial_indent=indent,
        subsequent_indent=indent or INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
