"""Letters as text: a block for each on a terminal, whose words stay whole."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from l3kit.notebook.tables import MAX_ROWS, Sheet, format_value

INDENT = "  "
LEAST_WIDTH = 40
"""Narrower terminals get lines of this length."""
Block = tuple[Sequence[str], Sequence[str]]
"""Fields on the first line of a letter, and the lines below it."""


def with_blocks(sheet: Sheet, blocks: Iterable[Block], count: int, width: int) -> str:
    """Put blocks between the sentence of a sheet and its tables.

    Args:
        count: number of all letters; the blocks may show only the first MAX_ROWS.
    """
    lines = [sheet.sentence]
    for about, further in blocks:
        lines += _wrapped(INDENT.join(format_value(one) for one in about if one), width, "")
        for text in further:
            lines += _wrapped(format_value(text), width, INDENT)
    if count > MAX_ROWS:
        lines.append(f"{count - MAX_ROWS:,} more are not shown; --json lists them all")
    return "\n".join([*lines, *filter(None, [str(Sheet("", sheet.tables, sheet.notes))])])


def _wrapped(text: str, width: int, indent: str) -> Iterator[str]:
    """Wrap only at blanks, so that a key or a time can be copied."""
    yield from textwrap.wrap(
        text,
        max(width, LEAST_WIDTH),
        initial_indent=indent,
        subsequent_indent=indent or INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
