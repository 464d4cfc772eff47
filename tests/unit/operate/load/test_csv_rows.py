"""CSV files as they come: delimiters, encodings, quotes, decimal commas, repeated headers."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from l3kit.errors import ConfigurationError
from l3kit.operate.load.columns import Columns
from l3kit.operate.load.csv_rows import LONGEST_LINE, CsvTable, read_csv
from l3kit.operate.load.rows import BadRow, Row
from l3kit.operate.load.settings import Cells

HEAD = "device,time,v,note\n"


def table(content: str | bytes, cells: Cells | None = None, **columns: Any) -> CsvTable:
    data = content.encode() if isinstance(content, str) else content
    return read_csv(io.BytesIO(data), data[: 1 << 16], "a.csv", cells or Cells(), Columns(**columns))


def values(content: str | bytes, cells: Cells | None = None, **columns: Any) -> list[dict[str, Any]]:
    rows = list(table(content, cells, **columns).rows)
    assert all(isinstance(row, Row) for row in rows), rows
    return [
        {name: json.loads(value, parse_float=str, parse_int=str) for name, value in row.cells.items()}
        for row in rows
        if isinstance(row, Row)
    ]


def only_bad(content: str | bytes, cells: Cells | None = None) -> BadRow:
    (found,) = [row for row in table(content, cells).rows if isinstance(row, BadRow)]
    return found


def test_numbers_keep_their_digits_and_all_else_is_text() -> None:
    cells = ["1.50", "-0", "1E+400", "007", "+5", ".5", "0x1f", "NaN", "true", "1_000", "١", "12345678901234567890.1"]
    found = [row["v"] for row in values(HEAD + "".join(f"d,t,{cell},\n" for cell in cells))]
    assert found == cells
    rows = [row for row in table(HEAD + "".join(f"d,t,{cell},\n" for cell in cells)).rows if isinstance(row, Row)]
    assert [not row.cells["v"].startswith('"') for row in rows] == [c in (*cells[:3], cells[-1]) for c in cells]


def test_empty_and_missing_cells_are_left_out() -> None:
    assert values(f"{HEAD}d,t,,NA\n", Cells(missing=frozenset(["NA"]))) == [{"device": "d", "time": "t"}]


def test_columns_stay_text_where_asked_and_device_and_time_always_do() -> None:
    (row,) = table(f"{HEAD}1,2,3,4\n", Cells(text=frozenset(["note"]))).rows
    assert isinstance(row, Row)
    assert row.cells == {"device": '"1"', "time": '"2"', "v": "3", "note": '"4"'}


@pytest.mark.parametrize("delimiter", [";", "\t", "|", ","])
def test_the_delimiter_is_found_and_told(delimiter: str) -> None:
    lines = ["device,time,v,note", 'd,t,1,"a;b,c|d"', "d,t,2,", "d,t,3,x"]
    swap = str.maketrans({",": delimiter, delimiter: ","})
    found = table("\n".join(line.translate(swap) for line in lines) + "\n")
    assert found.delimiter == delimiter
    assert bool(found.notes()) == (delimiter != ",")
    assert len([row for row in found.rows if isinstance(row, Row)]) == 3


def test_decimal_commas_are_refused_unless_asked_for() -> None:
    content = "device;time;v\nd;t;2,50\n"
    row = only_bad(content)
    assert (row.number, row.problem) == (2, "bad-value")
    assert "v: '2,50' may be a number with a decimal comma. Give --decimal ," in row.cause
    assert values(content, Cells(decimal=",")) == [{"device": "d", "time": "t", "v": "2.50"}]
    assert "has a point, although" in only_bad("device;time;v\nd;t;1.250,5\nd;t;1.250\n", Cells(decimal=",")).cause
    assert values(content, Cells(text=frozenset("v")))[0]["v"] == "2,50"


def test_byte_order_mark_and_other_encodings() -> None:
    content = "device,time,v,note\nd,t,1,Grüße\n"
    assert values(content.encode("utf-8-sig"))[0]["note"] == "Grüße"
    assert values(content.encode("latin-1"), Cells(encoding="iso8859-1"))[0]["note"] == "Grüße"
    assert values(content.encode("utf-16"), Cells(encoding="utf-16"))[0]["note"] == "Grüße"
    row = only_bad(content.encode("latin-1"))
    assert (row.number, row.problem) == (2, "bad-encoding")
    assert row.text.encode("utf-8", "surrogateescape") == b"d,t,1,Gr\xfc\xdfe\n", "the bytes as they were"
    with pytest.raises(ConfigurationError, match=r"is utf-16, not utf-8\. Give --encoding utf-16"):
        table(content.encode("utf-16"))
    with pytest.raises(ConfigurationError, match=r"a\.csv:1: the header is not in the file's encoding"):
        table("gerät,device,time\n".encode("latin-1"))


@pytest.mark.parametrize(
    ("lines", "number", "problem", "cause"),
    [
        (["d,t,1,x", "d,t,1"], 3, "bad-row", "has 3 cells; the header has 4"),
        (["d,t,1,x", "d,t,1,x,y"], 3, "bad-row", "has 5 cells"),
        (["d,t,1,x", "", "device,time,v,note"], 4, "header-again", "is the header again"),
        (["d,t,1,x", 'd,t,1,"x"y'], 3, "bad-row", "is not a row of CSV"),
        (['d,t,1,"two', 'lines"', 'd,t,1,"open'], 4, "bad-row", "unexpected end of data"),
    ],
)
def test_a_bad_row_is_told_with_its_line_and_text(lines: list[str], number: int, problem: str, cause: str) -> None:
    row = only_bad(HEAD + "".join(f"{line}\n" for line in lines))
    assert (row.number, row.problem) == (number, problem)
    assert cause in row.cause
    assert row.text == lines[-1] + "\n"


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ("", "a.csv: is empty"),
        ("\n\n", "a.csv: is empty"),
        ("device,time,v,v\n", "a.csv:1: column 'v' is in the header twice"),
        ("\ndevice,time,,\n", "a.csv:2: a column without a name is in the header twice"),
        ('"device,time\n', "is not a header"),
        ("2026-01-01T00:00:00Z,EWR,5\n", "a.csv:1: no column is the device by its name"),
    ],
)
def test_a_header_that_is_none_is_refused_with_its_line(content: str, cause: str) -> None:
    with pytest.raises(ConfigurationError, match=cause):
        table(content)


def test_a_file_without_header_is_read_with_given_names() -> None:
    found = table("d,t,1,x\n", Cells(names=("device", "time", "v", "note")))
    assert [row.number for row in found.rows] == [1]


def test_a_line_that_does_not_end_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"a\.csv:2: is longer than 16,777,216 characters"):
        list(table(HEAD + "d,t," + "1" * LONGEST_LINE).rows)


def test_the_bad_rows_file_has_the_header_and_the_row_as_it_was() -> None:
    found = table("device;time;v\nd;t\n")
    (row,) = found.rows
    assert isinstance(row, BadRow)
    assert found.bad_head() == "l3kit_line;l3kit_problem;device;time;v"
    assert found.bad_line(row).startswith('2;"bad-row: has 2 cells; the header has 3.')
    assert found.bad_line(row).endswith('";d;t\n')
