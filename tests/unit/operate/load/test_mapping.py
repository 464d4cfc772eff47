"""From a row of any form to an item."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.operate.load.columns import Columns
from l3kit.operate.load.csv_rows import read_csv
from l3kit.operate.load.json_rows import json_row
from l3kit.operate.load.mapping import RowMapping
from l3kit.operate.load.rows import ADDED, BadRow, Row
from l3kit.operate.load.settings import Cells
from l3kit.operate.load.times import RowTimes
from l3kit.tiering.format.exact_numbers import exact_loads
from l3kit.tiering.format.messages import Telemetry

NUMBERS = st.one_of(
    st.integers(-(10**30), 10**30).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=12).map(lambda d: f"{d:f}"),
    st.builds(lambda n, e: f"{n}e{e}", st.integers(-99, 99), st.integers(-300, 300)),
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"))


def from_csv(header: str, line: str, cells: Cells | None = None, times: RowTimes | None = None) -> Telemetry | BadRow:
    data = f"{header}\n{line}\n".encode()
    columns = Columns()
    found = read_csv(io.BytesIO(data), data, "a.csv", cells or Cells(delimiter=","), columns)
    (row,) = found.rows
    return row if isinstance(row, BadRow) else RowMapping(columns, times or RowTimes(), 3, found.places).item(row)


def from_json(text: str, **columns: Any) -> Telemetry | BadRow:
    row = json_row(1, text.encode())
    return row if isinstance(row, BadRow) else RowMapping(Columns(**columns), RowTimes(), 3).item(row)


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


@given(NUMBERS, TEXTS)
def test_a_csv_row_becomes_an_item_with_the_exact_digits_and_text(number: str, text: str) -> None:
    line = f"pump-1,2026-05-31T08:30:00Z,{number},{quoted('#' + text)}"
    made = from_csv("device,time,v,w", line)
    assert isinstance(made, Telemetry), made
    assert made.json.startswith(b'{"iotDeviceId":"pump-1","id":"2026-05-31T08:30:00.000Z","v":%b,' % number.encode())
    item = exact_loads(made.json)
    assert (Decimal(item["v"]), item["w"]) == (Decimal(number), "#" + text)
    assert from_csv("device,time,v,w", line) == made


@given(st.dictionaries(TEXTS, st.one_of(NUMBERS, TEXTS.map(lambda t: json.dumps(t)), st.just("[1.0,{}]")), max_size=5))
def test_a_json_row_keeps_every_value_as_it_stands(members: dict[str, str]) -> None:
    kept = {
        name: value
        for name, value in members.items()
        if name.lower() not in ("id", "time", "device", "iotdeviceid") and not name.startswith(ADDED)
    }
    head = '{"device":"pump-1","time":1780216200'
    made = from_json(
        head + "".join(f",{json.dumps(name)}: {value}" for name, value in kept.items()) + "}",
        time="time",
        device="device",
    )
    assert isinstance(made, Telemetry), made
    assert made.id == "2026-05-31T08:30:00.000Z"
    for name, value in kept.items():
        assert f"{json.dumps(name, ensure_ascii=False)}:{value}".encode() in made.json or "\\u" in json.dumps(name)
    assert exact_loads(made.json).keys() == {"iotDeviceId", "id", *kept}


def test_an_item_is_loaded_unchanged() -> None:
    item = '{"iotDeviceId":"pump-1","id":"2026-05-31T08:30:00.000Z","time":"any","deviceId":5,"v":1.0}'
    made = from_json(item)
    assert isinstance(made, Telemetry)
    assert made.json == item.encode()


@pytest.mark.parametrize(
    ("line", "problem", "cause"),
    [
        ("pump-1,,1", "no-time", "id is missing"),
        (",2026-05-31T08:30:00Z,1", "no-device", "iotDeviceId is missing"),
        ("~x,2026-05-31T08:30:00Z,1", "reserved-device", "is reserved"),
        ("pump-1,31.05.2026,1", "bad-time", "is neither ISO 8601"),
        ("pump-1,2026-05-31T08:30:00,1", "bad-time", "has no time zone. Name the zone of such times with --timezone"),
        ("pump-1,2026-05-31T08:30:00.1234Z,1", "bad-time", "has 4 fraction digits"),
        ("pump-1,2026-05-31T08:30:00Z,1e9999999999999999999999", "bad-number", "number"),
    ],
)
def test_a_row_that_is_no_item_is_told(line: str, problem: str, cause: str) -> None:
    made = from_csv("device,time,v", line)
    assert isinstance(made, BadRow)
    assert (made.number, made.problem, made.text) == (2, problem, line + "\n")
    assert cause in made.cause


def test_local_times_get_their_zone_and_digits_of_an_epoch_do_not() -> None:
    times = RowTimes(ZoneInfo("Europe/Vienna"))
    for text in ("2026-05-31 10:30:00", "1780216200", "2026-05-31T08:30:00Z"):
        made = from_csv("device,time,v", f"pump-1,{text},1", times=times)
        assert isinstance(made, Telemetry)
        assert made.id == "2026-05-31T08:30:00.000Z"


def test_a_device_of_digits_is_text_in_a_table_and_refused_in_json() -> None:
    made = from_csv("device,time", "0042,1780216200")
    assert isinstance(made, Telemetry)
    assert made.device_id == "0042"
    refused = from_json('{"device":42,"time":1780216200}')
    assert isinstance(refused, BadRow)
    assert refused.problem == "bad-device"


def test_all_rows_may_be_of_one_device() -> None:
    made = from_json('{"time":1780216200,"v":1}', device_id="pump-1")
    assert isinstance(made, Telemetry)
    assert made.device_id == "pump-1"


def test_a_row_without_text_of_its_own_is_kept_as_json() -> None:
    mapping = RowMapping(Columns(), RowTimes(), 3)
    made = mapping.item(Row(3, {"device": '"d"', "v": "1.50"}, None))
    assert isinstance(made, BadRow)
    assert (made.number, made.text) == (3, '{"device":"d","v":1.50}')
