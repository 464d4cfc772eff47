"""JSON lines, and arrays read element by element."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from l3kit.errors import ConfigurationError
from l3kit.operate.load.json_rows import BLOCK, LONGEST_ROW, bad_json_line, json_array, json_lines
from l3kit.operate.load.rows import BadRow, Row


class Slow(io.BytesIO):
    """Gives a few bytes at a time."""

    def __init__(self, content: bytes, size: int) -> None:
        super().__init__(content)
        self._size = size

    def read(self, size: int | None = -1) -> bytes:
        return super().read(self._size)


def texts(rows: Iterable[Row | BadRow]) -> list[str | None]:
    return [row.text for row in rows]


LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.floats(allow_nan=False, allow_infinity=False))
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8
)
OBJECTS = st.lists(st.dictionaries(st.text(), VALUES, max_size=4), max_size=6)


@settings(max_examples=40)
@given(OBJECTS, st.integers(1, 40), st.sampled_from([None, 1]), st.booleans())
def test_an_array_cut_anywhere_gives_its_objects_as_they_stand(
    objects: list[Any], size: int, indent: int | None, ascii_only: bool
) -> None:
    content = json.dumps(objects, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    rows = list(json_array(Slow(content, size), "a.json"))
    assert len(rows) == len(objects)
    for row, wanted in zip(rows, objects, strict=True):
        assert isinstance(row, BadRow) or json.loads(row.text or "") == wanted


def test_rows_of_an_array_tell_their_first_line_and_their_exact_values() -> None:
    content = b'\xef\xbb\xbf[\n {"v":1.10,"w":[1e5]},\n\n {"v":\n 2} , {"v":3}\n]\n'
    rows = [row for row in json_array(io.BytesIO(content), "a.json") if isinstance(row, Row)]
    assert [(row.number, dict(row.cells)) for row in rows] == [
        (2, {"v": "1.10", "w": "[1e5]"}),
        (4, {"v": "2"}),
        (5, {"v": "3"}),
    ]
    assert [row.number for row in json_array(io.BytesIO(content), "a.json", skip=2)] == [5]


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b'[{"a":1}, 5]', "a.json:1: has '5' where an object"),
        (b'[{"a":1}\n {"a":2}]', "a.json:2: has '{' where an object or its comma"),
        (b'[,{"a":1}]', "a.json:1: has '{' where an object"),
        (b'[{"a":1},\n]', "a.json:2: has ']' where an object"),
        (b'[{"a":1}', "a.json:1: ends before the array does"),
        (b'[\n{"a":[1}', "a.json:2: an object is not closed"),
        (b'[{"a":"x}]', "a.json:1: an object is not closed"),
        (b"[] 5", "a.json:1: has more after the array's end"),
        (b'{"a":1}', r"a.json:1: does not begin with \["),
        (b"", r"a.json:1: does not begin with \["),
    ],
)
def test_what_is_no_array_of_objects_is_refused_with_its_line(content: bytes, cause: str) -> None:
    for size in (1, BLOCK):
        with pytest.raises(ConfigurationError, match=cause):
            list(json_array(Slow(content, size), "a.json"))


def test_an_element_that_is_no_json_is_a_bad_row_and_the_others_are_not() -> None:
    rows = list(json_array(io.BytesIO(b'[{"a":1},{"a":tru},{"a":1,"a":2},{"a":2}]'), "a.json"))
    assert [isinstance(row, BadRow) and row.problem for row in rows] == [False, "not-json", "duplicate-member", False]


def test_lines_are_objects_and_a_bad_one_is_told_with_its_line() -> None:
    content = b'\xef\xbb\xbf{"a":1}\r\n\n[5]\n{"a":NaN}\n{"a":"\\ud800"}\n{"a":"\xff"}\n {"\\u00e4":2}'
    rows = list(json_lines(io.BytesIO(content), "a.jsonl"))
    assert [(row.number, row.problem if isinstance(row, BadRow) else dict(row.cells)) for row in rows] == [
        (1, {"a": "1"}),
        (3, "not-json"),
        (4, "bad-number"),
        (5, "bad-text"),
        (6, "not-json"),
        (7, {"ä": "2"}),
    ]
    assert [row.number for row in json_lines(io.BytesIO(content), "a.jsonl", skip=4)] == [6, 7]


def test_a_bad_row_of_a_bad_rows_file_is_read_as_it_stood_in_its_input() -> None:
    kept = bad_json_line(BadRow(7, "bad-time", "is no time", '{"a": 1.50}'))
    assert kept.endswith("\n")
    (row,) = json_lines(io.BytesIO(kept.encode()), "a.bad.jsonl")
    assert isinstance(row, Row)
    assert (row.number, row.cells, row.text) == (1, {"a": "1.50"}, '{"a": 1.50}')


@pytest.mark.parametrize("read", [json_lines, json_array])
def test_a_row_without_end_is_refused_before_it_is_in_memory(read: Any) -> None:
    content = (b"" if read is json_lines else b"[") + b'{"a":"' + b"x" * (2 * LONGEST_ROW)
    with pytest.raises(ConfigurationError, match="longer than 16,777,216 bytes"):
        list(read(io.BytesIO(content), "a.json"))


def test_brackets_and_quotes_in_texts_end_nothing() -> None:
    text = '{"a":"]}\\"[{\\\\"}'
    assert texts(json_array(io.BytesIO(f"[{text},{text}]".encode()), "a.json")) == [text, text]
