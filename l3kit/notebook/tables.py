"""Readable tables and results for Jupyter and terminals: long texts are wrapped, never truncated.

pandas truncates texts at 50 characters. Its Styler does not, but puts colours into a `<style>` element, which
JupyterLab removes from the outputs of a notebook that is not trusted yet, as after a clone; it keeps inline styles
(its packages/apputils/src/sanitizer.ts). So the HTML is written here.
"""

from __future__ import annotations

import textwrap
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from html import escape
from itertools import zip_longest
from numbers import Number
from typing import TYPE_CHECKING, Any

from l3kit.tiering.counts import count_of

if TYPE_CHECKING:
    import pandas as pd

WIDTH = 118
"""Characters per line in a terminal, unless cells that are not wrapped need more."""
LEAST_WIDTH = 12
"""Minimum column width in a terminal when columns are narrowed to fit `WIDTH`."""
UNBROKEN = 17
"""Characters of a cell that is never wrapped (twice as many for a single word), so that dates and names stay whole."""
MAX_ROWS = 1_000
"""Maximum rows displayed, since more slow a browser down. Omitted rows are counted below the table."""
FOLDED_FROM = 6
"""Minimum number of foldable rows to collapse in HTML; fewer are listed among the others."""
MISSING = "-"
_BIDI_CONTROLS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
_GREEN, _AMBER, _RED, _BLUE = "46, 160, 67", "210, 153, 34", "218, 54, 51", "56, 139, 253"
TINTS = {
    "+ create": _GREEN,
    "~ update": _AMBER,
    "- delete": _RED,
    "keep": _BLUE,
    "failed": _RED,
    "archived": _AMBER,
    "restoring": _AMBER,
}
"""Row tints (red, green, blue) by status word.

A thin overlay on the page's background keeps its text colour legible in light and dark themes.
"""


@dataclass(frozen=True, repr=False)
class Table:
    """Table for display in Jupyter and terminals.

    Attributes:
        numeric: names of the right-aligned columns.
        strong: numbers of the rows in bold, such as totals.
        tint_column: name of the column whose values select a row's tint; empty: no tints.
        folded: numbers of the rows that HTML shows only after a click on their count.
        title: text above the table.
            more: text below it on what is omitted.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[str] = frozenset()
    strong: frozenset[int] = frozenset()
    tint_column: str = ""
    folded: frozenset[int] = frozenset()
    title: str = ""
    more: str = ""

    def __str__(self) -> str:
        lines = [*_wrapped(self.title, WIDTH), *self._lines(), *_wrapped(self.more, WIDTH)]
        return "\n".join(lines)

    __repr__ = __str__

    def _lines(self) -> Iterator[str]:
        rows = [self.head, *self.rows]
        widths = _widths(rows)
        right = [name in self.numeric for name in self.head]
        for row in rows:
            for line in zip_longest(*(_wrapped(text, width) for text, width in zip(row, widths, strict=True))):
                cells = [
                    (text or "").rjust(width) if is_right else (text or "").ljust(width)
                    for text, width, is_right in zip(line, widths, right, strict=True)
                ]
                yield "  ".join(cells).rstrip()

    def _repr_html_(self) -> str:
        parts = [f"<p>{escape(self.title)}</p>"] if self.title else []
        plain = [number for number in range(len(self.rows)) if number not in self.folded]
        if plain or not self.folded:
            parts.append(self._html_of(plain))
        if self.folded:
            words = sorted({self._tint_word(number).strip() for number in self.folded})
            summary = f"{len(self.folded):,} {', '.join(words)}"
            parts.append(
                f"<details><summary>{escape(summary)}</summary>\n{self._html_of(sorted(self.folded))}\n</details>"
            )
        if self.more:
            parts.append(f"<p>{escape(self.more)}</p>")
        return "\n".join(parts)

    def _html_of(self, numbers: Sequence[int]) -> str:
        right = [name in self.numeric for name in self.head]
        lines = ['<table class="l3"><thead><tr>']
        lines += [_cell("th", text, is_right) for text, is_right in zip(self.head, right, strict=True)]
        lines.append("</tr></thead><tbody>")
        for number in numbers:
            row = self.rows[number]
            tag, kind = ("th", ' class="strong"') if number in self.strong else ("td", "")
            tint = TINTS.get(self._tint_word(number).strip())
            kind += f' style="background-color: rgba({tint}, 0.2)"' if tint else ""
            top = any(map(_is_long, row))
            lines.append(f"<tr{kind}>" + "".join(_cell(tag, *pair, top) for pair in zip(row, right, strict=True)))
            lines[-1] += "</tr>"
        lines.append("</tbody></table>")
        return "\n".join(lines)

    def _tint_word(self, number: int) -> str:
        return self.rows[number][self.head.index(self.tint_column)] if self.tint_column else ""


@dataclass(frozen=True, repr=False)
class Sheet:
    """Readable result: an optional sentence, tables, and notes below them."""

    sentence: str
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        sentence = [visible(self.sentence)] if self.sentence else []
        return "\n".join([*sentence, *map(str, self.tables), *map(visible, self.notes)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        sentence = [f"<p><b>{escape(visible(self.sentence))}</b></p>"] if self.sentence else []
        notes = [f"<p>{escape(visible(note))}</p>" for note in self.notes]
        return "\n".join([*sentence, *(table._repr_html_() for table in self.tables), *notes])


class Displayable(ABC):
    """Base class for results that notebooks display as a sheet; `print` shows the same as text."""

    __slots__ = ()

    @abstractmethod
    def sheet(self) -> Sheet:
        """Return the readable result."""

    def __str__(self) -> str:
        return str(self.sheet())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.sheet()._repr_html_()


def table(
    frame: pd.DataFrame, *, first: Sequence[bool] = (), tint_column: str = "", fold: str = "", title: str = ""
) -> Table:
    """Turn a frame into a table. The index is included if it has a name or is not a row number.

    Args:
        first: for each row whether it is listed before the others; the order is otherwise kept.
        tint_column: name of the column whose values select a row's tint (`TINTS`).
        fold: rows with this value in that column are collapsed in HTML if there are many.
        title: text above the table.
    """
    columns = list(_columns(frame))
    order = sorted(range(len(frame)), key=lambda number: not first[number]) if first else range(len(frame))
    rows = tuple(tuple(format_value(values[number]) for _, values in columns) for number in order[:MAX_ROWS])
    left_out = len(frame) - len(rows)
    made = Table(
        head=tuple(name for name, _ in columns),
        rows=rows,
        numeric=frozenset(name for name, values in columns if _are_numbers(values)),
        tint_column=tint_column,
        title=title,
        more=_left_out(left_out),
    )
    folded = [number for number in range(len(rows)) if fold and made._tint_word(number).strip() == fold]
    return replace(made, folded=frozenset(folded if len(folded) >= FOLDED_FROM else ()))


def _left_out(rows: int) -> str:
    return f"{count_of(rows, 'more row is', 'more rows are')} not shown; the frame has them all" if rows else ""


def format_value(value: Any) -> str:
    """Format a value: `yes` and `no`, numbers with separators and all digits, times in ISO 8601, `-` for no value."""
    if isinstance(value, str):
        return visible(value)
    if _is_missing(value):
        return MISSING
    if _is_truth(value):
        return "yes" if value else "no"
    if isinstance(value, Number):
        return f"{value:,}"
    if isinstance(value, datetime):
        text = value.isoformat()
        return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return "{" + ", ".join(sorted(map(format_value, value))) + "}"
    return visible(str(value))


def visible(text: str) -> str:
    """Escape invisible characters, lone surrogates and bidirectional controls."""
    return text if text.isprintable() else "".join(map(_visible, text))


def _visible(char: str) -> str:
    hidden = unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or ord(char) & 0xFFFE == 0xFFFE
    if char == "\n" or not (hidden or unicodedata.bidirectional(char) in _BIDI_CONTROLS):
        return char
    return char.encode("unicode_escape").decode("ascii")


def _columns(frame: pd.DataFrame) -> Iterator[tuple[str, list[Any]]]:
    import pandas as pd

    index = frame.index
    if list(index.names) != [None] or not pd.api.types.is_integer_dtype(index.dtype):
        for level, name in enumerate(index.names):
            yield visible(str(name or "")), index.get_level_values(level).tolist()
    for number, name in enumerate(frame.columns):
        yield (
            visible(" ".join(map(str, name)) if isinstance(name, tuple) else str(name)),
            frame.iloc[:, number].tolist(),
        )


def _is_missing(value: Any) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_scalar(value) and pd.isna(value))


def _is_truth(value: Any) -> bool:
    return isinstance(value, bool) or type(value).__name__ in ("bool", "bool_")  # numpy's, depending on its version


def _are_numbers(values: Iterable[Any]) -> bool:
    there = [value for value in values if not _is_missing(value)]
    return bool(there) and all(isinstance(value, Number | Decimal) and not _is_truth(value) for value in there)


def _widths(rows: Sequence[tuple[str, ...]]) -> list[int]:
    """Return the column widths: those of the longest lines, or less with wrapped texts if the table gets too wide."""
    columns = list(zip(*rows, strict=True))
    natural = [max(_length(text) for text in column) for column in columns]
    least = [
        min(width, max([LEAST_WIDTH, *(_length(text) for text in column if not _is_long(text))]))
        for width, column in zip(natural, columns, strict=True)
    ]
    room, widest = WIDTH - 2 * (len(columns) - 1), max(natural, default=0)
    while widest > LEAST_WIDTH and sum(_between(least, natural, widest)) > room:
        widest -= 1
    return [max(1, width) for width in _between(least, natural, widest)]


def _between(least: Sequence[int], natural: Sequence[int], widest: int) -> list[int]:
    return [max(low, min(width, widest)) for low, width in zip(least, natural, strict=True)]


def _length(text: str) -> int:
    return max(map(len, text.split("\n")))


def _wrapped(text: str, width: int) -> list[str]:
    """Wrap text to this width, keeping every non-blank character."""
    lines = []
    for line in text.split("\n") if text else []:
        lines += textwrap.wrap(line, width, break_on_hyphens=False) or [""]
    return lines


def _is_long(text: str) -> bool:
    return len(text) > (UNBROKEN if " " in text else 2 * UNBROKEN)


def _cell(tag: str, text: str, right: bool, top: bool = False) -> str:
    style = f"text-align: {'right' if right else 'left'}"
    style += "; vertical-align: top" if top else ""
    style += "; white-space: pre-wrap; overflow-wrap: anywhere" if _is_long(text) else "; white-space: pre"
    return f'<{tag} style="{style}">{escape(text)}</{tag}>'
