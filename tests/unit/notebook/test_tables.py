"""Tables for people: every text whole in HTML and in text, escaped, in order, legible in light and dark."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import l3kit
from l3kit.notebook.tables import (
    FOLDED_FROM,
    LEAST_WIDTH,
    MAX_ROWS,
    TINTS,
    UNBROKEN,
    WIDTH,
    Displayable,
    Sheet,
    Table,
    format_value,
    table,
    visible,
)

NOTEBOOKS = sorted((Path(__file__).parents[3] / "notebooks").glob("*.ipynb"))
any_text = st.text(st.characters())
rows_of_texts = st.integers(1, 6).flatmap(
    lambda width: st.lists(st.lists(any_text, min_size=width, max_size=width), min_size=1, max_size=5)
)


class Reader(HTMLParser):
    """Texts of cells, and of all else, as a browser reads them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.tags: list[str] = []
        self.beside = ""
        self._in_cell = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        if tag in ("td", "th"):
            self._in_cell = True
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        self._in_cell = self._in_cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.cells[-1] += data
        else:
            self.beside += data


def framed(rows: list[list[Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=[f"c{n}" for n in range(len(rows[0]))], dtype=object)


@given(rows_of_texts)
def test_any_text_comes_whole_out_of_the_html(rows: list[list[str]]) -> None:
    read = Reader(table(framed(rows))._repr_html_())
    assert read.cells[len(rows[0]) :] == [visible(text) for row in rows for text in row]
    assert set(read.tags) == {"table", "thead", "tbody", "tr", "th", "td"}


@given(rows_of_texts)
def test_no_letter_of_any_text_is_left_out_of_the_text(rows: list[list[str]]) -> None:
    made = table(framed(rows))
    wanted = Counter("".join([*made.head, *(visible(text) for row in rows for text in row)]))
    found = Counter(str(made))
    assert {c: n for c, n in wanted.items() if not c.isspace()} == {c: n for c, n in found.items() if not c.isspace()}
    on_one_line = (2 * UNBROKEN + 2) * len(made.head) - 2
    assert max(map(len, str(made).split("\n"))) <= max(WIDTH, on_one_line)
    str(made).encode()


@given(any_text)
def test_a_long_text_keeps_its_order_over_the_lines(text: str) -> None:
    made = table(framed([[text]]))
    assert "".join(str(made).split()) == "".join(f"c0 {visible(text)}".split())


@given(st.text())
def test_what_can_be_seen_stays_as_it_is(text: str) -> None:
    if text.isprintable():
        assert visible(text) == text
    assert visible("a\x00\r\u202eb\ud800\n") == "a\\x00\\r\\u202eb\\ud800\n"


@given(st.lists(st.booleans(), max_size=30))
def test_those_that_go_first_do_and_all_keep_their_order(failed: list[bool]) -> None:
    made = table(pd.DataFrame({"n": [str(n) for n in range(len(failed))]}), first=failed)
    order = [int(row[0]) for row in made.rows]
    assert order == [n for n, is_failed in enumerate(failed) if is_failed] + [
        n for n, is_failed in enumerate(failed) if not is_failed
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1375676, "1,375,676"),
        (np.int64(-1234), "-1,234"),
        (0, "0"),
        (10**30, f"{10**30:,}"),
        (28.94, "28.94"),
        (1234.5, "1,234.5"),
        (np.float64(0.1), "0.1"),
        (Decimal("1234567.000000000000000000000001"), "1,234,567.000000000000000000000001"),
        (float("inf"), "inf"),
        (True, "yes"),
        (np.bool_(False), "no"),
        (None, "-"),
        (pd.NA, "-"),
        (pd.NaT, "-"),
        (float("nan"), "-"),
        (Decimal("NaN"), "-"),
        ("", ""),
        (datetime(2013, 1, 2, 7, tzinfo=UTC), "2013-01-02T07:00:00Z"),
        (pd.Timestamp("2013-01-02T07:00:00.000000001Z"), "2013-01-02T07:00:00.000000001Z"),
        (datetime(2013, 1, 2, 7), "2013-01-02T07:00:00"),
        (date(2013, 1, 2), "2013-01-02"),
        (frozenset({"b", "a"}), "{a, b}"),
        (["aws"], "['aws']"),
    ],
)
def test_values_read_as_people_write_them(value: object, text: str) -> None:
    assert format_value(value) == text


def test_numbers_stand_to_the_right_also_where_some_are_missing() -> None:
    frame = pd.DataFrame({"items": pd.array([1000, None], dtype="Int64"), "ok": [True, False], "name": ["a", "b"]})
    made = table(frame)
    assert made.numeric == {"items"}
    assert made.rows == (("1,000", "yes", "a"), ("-", "no", "b"))
    assert made._repr_html_().count("text-align: right") == 3


def test_an_index_with_a_name_is_a_column_and_row_numbers_are_not() -> None:
    frame = pd.DataFrame({"tier": ["hot", "cold", "hot"], "n": [1, 2, 3]})
    assert table(frame[frame["n"] > 1]).head == ("tier", "n")
    summed = frame.groupby("tier")["n"].agg(["sum", "max"])
    assert table(summed).rows == (("cold", "2", "2"), ("hot", "4", "3"))
    assert table(summed).head == ("tier", "sum", "max")
    labelled = pd.DataFrame({"n": [1]}, index=pd.Index(["now"], name=""))
    assert table(labelled).rows == (("now", "1"),)


def test_a_terminal_wraps_sentences_and_keys_and_breaks_no_time_or_number() -> None:
    time, number = "2014-01-01T00:00:00Z", "14.960139999999999"
    made = table(framed([[time, number, *([time] * 4), "a sentence of some words", "k" * 60]]))
    lines = str(made).splitlines()
    assert lines[1].count(time) == 5
    assert number in lines[1]
    assert lines[2].split() == ["of", "some", "k" * LEAST_WIDTH]


def test_an_empty_frame_still_shows_its_columns() -> None:
    made = table(pd.DataFrame(columns=["tier", "what"]))
    assert str(made) == "tier  what"
    assert Reader(made._repr_html_()).cells == ["tier", "what"]
    assert str(table(pd.DataFrame())) == ""


def test_columns_of_the_same_name_are_all_shown() -> None:
    assert table(pd.DataFrame([[1, 2]], columns=["a", "a"])).rows == (("1", "2"),)


def test_rows_beyond_the_limit_are_counted_and_those_that_go_first_are_shown() -> None:
    count = MAX_ROWS + 2_000
    made = table(pd.DataFrame({"n": [str(n) for n in range(count)]}), first=[n == count - 1 for n in range(count)])
    assert len(made.rows) == MAX_ROWS
    assert made.rows[0] == (str(count - 1),)
    for form in (str(made), made._repr_html_()):
        assert "2,000 more rows are not shown; the frame has them all" in form


@given(st.lists(st.sampled_from(["+ create", "  unchanged", "~ update", "  keep"]), max_size=20))
def test_folded_rows_are_counted_and_all_there(actions: list[str]) -> None:
    frame = pd.DataFrame({"action": actions, "name": [f"r{n}" for n in range(len(actions))]})
    made = table(frame, tint_column="action", fold="unchanged")
    html, text = made._repr_html_(), str(made)
    assert sorted(cell for cell in Reader(html).cells if cell.startswith("r")) == sorted(frame["name"])
    assert [line.split()[-1] for line in text.splitlines()[1:]] == list(frame["name"])
    unchanged = actions.count("  unchanged")
    assert ("<details>" in html) is (unchanged >= FOLDED_FROM)
    if unchanged >= FOLDED_FROM:
        assert f"{unchanged} unchanged" in Reader(html).beside


def test_a_row_has_a_tint_only_by_a_word_that_it_shows() -> None:
    words = [*TINTS, "passed", ""]
    frame = pd.DataFrame({"word": words, "n": range(len(words))})
    rows = [line for line in table(frame, tint_column="word")._repr_html_().splitlines() if "<td" in line]
    assert [("background-color" in row) for row in rows] == [word in TINTS for word in words]
    assert all(word in Reader(row).cells[0] for word, row in zip(words, rows, strict=True))
    assert "background-color" not in table(frame)._repr_html_()


def _luminance(colour: tuple[float, ...]) -> float:
    """Relative luminance by WCAG 2.2."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("page", [0xFF, 0x11], ids=["light", "dark"])
@pytest.mark.parametrize("tint", sorted(set(TINTS.values())))
def test_text_on_a_tint_stays_legible(page: int, tint: str) -> None:
    """At least 7 to 1, WCAG's AAA, with JupyterLab's text: black on white and white on #111, each of 87 %."""
    under = tuple(0.2 * int(part) / 255 + 0.8 * page / 255 for part in tint.split(", "))
    ink = 0.0 if page == 0xFF else 1.0
    text = tuple(0.87 * ink + 0.13 * part for part in under)
    lighter, darker = sorted((_luminance(under), _luminance(text)), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 7
    frame = pd.DataFrame({"word": [word for word, colour in TINTS.items() if colour == tint]})
    assert f"rgba({tint}, 0.2)" in table(frame, tint_column="word")._repr_html_()


class Result(Displayable):
    def sheet(self) -> Sheet:
        return Sheet("1 < 2", (Table(("a",), (("x",),), title="<title>"),), ("a & b", "c"))


def test_a_result_is_shown_as_the_same_sheet_in_html_and_text() -> None:
    result = Result()
    assert str(result) == repr(result) == "1 < 2\n<title>\na\nx\na & b\nc"
    read = Reader(result._repr_html_())
    assert read.cells == ["a", "x"]
    assert [line for line in read.beside.split("\n") if line] == ["1 < 2", "<title>", "a & b", "c"]


def test_the_table_is_exported() -> None:
    assert l3kit.table is table


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_notebook_shows_a_table_that_pandas_cut(notebook: Path) -> None:
    assert 'class=\\"dataframe\\"' not in notebook.read_text("utf-8")
