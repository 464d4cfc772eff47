"""Single values in JSON, in the forms that protocol buffers take, and no other."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from l3kit.sandbox.gcp.control.rules.scalars import wrong

BOOL = {"type": "boolean"}
INT32, UINT32 = {"type": "integer", "format": "int32"}, {"type": "integer", "format": "uint32"}
INT64, UINT64 = {"type": "string", "format": "int64"}, {"type": "string", "format": "uint64"}
DOUBLE, FLOAT = {"type": "number", "format": "double"}, {"type": "number", "format": "float"}
TEXT, BYTES, DATE = {"type": "string"}, {"type": "string", "format": "byte"}, {"type": "string", "format": "date"}
ENUM = {"type": "string", "enum": ["NONE", "SOME"]}
DURATION = {"type": "string", "format": "google-duration"}
MOMENT, STORAGE_MOMENT = {"type": "string", "format": "google-datetime"}, {"type": "string", "format": "date-time"}
MASK = {"type": "string", "format": "google-fieldmask"}


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        (BOOL, [True, False, "true", "false"]),
        (INT32, [0, -(2**31), 2**31 - 1, 5.0, "17", "-1"]),
        (UINT32, [0, 2**32 - 1]),
        (INT64, ["0", 0, "-9223372036854775808", 2**63 - 1, 1e3]),
        (UINT64, ["18446744073709551615"]),
        (DOUBLE, [1, 1.5, "1e-3", "NaN", "-Infinity"]),
        (TEXT, ["", "a"]),
        (BYTES, ["", "aGVsbG8=", "aGVsbG8", "_-8"]),
        (DATE, ["2026-11-30"]),
        (ENUM, ["NONE", "SOME", 0, 1, 7, "1"]),
        (DURATION, ["0s", "900s", "-1.000000001s", "315576000000s"]),
        (MOMENT, ["2026-11-30T21:00:00Z", "2024-02-29T00:00:00.123456789+05:30"]),
        (STORAGE_MOMENT, ["2026-11-30T21:00:00.000Z"]),
        (MASK, ["", "*", "a,b.c", "labels.`a-b`"]),
    ],
)
def test_a_value_of_the_type_is_taken(schema: Mapping[str, object], values: list[object]) -> None:
    assert [value for value in values if wrong(schema, value) is not None] == []


@pytest.mark.parametrize(
    ("schema", "values", "expected"),
    [
        (BOOL, [0, 1, "True", ""], "TYPE_BOOL"),
        (INT32, [True, 2**31, 1.5, "", "1.0", "ten", "9" * 5_000], "TYPE_INT32"),
        (UINT32, [-1, 2**32], "TYPE_UINT32"),
        (INT64, [2**63, "1.5", "0x1", True], "TYPE_INT64"),
        (UINT64, ["-1", 2**64], "TYPE_UINT64"),
        (DOUBLE, [True, "", "one", "nan"], "TYPE_DOUBLE"),
        (FLOAT, ["x"], "TYPE_FLOAT"),
        (TEXT, [1, True, {}], "TYPE_STRING"),
        (BYTES, ["{}", "a", "aGVs bG8="], "TYPE_BYTES"),
        (DATE, ["2026-02-30", "30.11.2026"], "a date"),
        (ENUM, ["some", "OTHER", 1.5, True, None], "an enum of NONE, SOME"),
        (
            DURATION,
            ["900", "15m", "1.0000000001s", "s", "315576000001s"],
            "type.googleapis.com/google.protobuf.Duration",
        ),
        (
            MOMENT,
            [
                "2026-11-30",
                "2026-02-30T00:00:00Z",
                "2026-11-30T21:00:00",
                "2026-11-30 21:00:00Z",
                "2026-11-30T24:00:01Z",
            ],
            "type.googleapis.com/google.protobuf.Timestamp",
        ),
        (MASK, ["a,", "a b", "a;b"], "type.googleapis.com/google.protobuf.FieldMask"),
    ],
)
def test_any_other_value_is_refused_with_the_type(
    schema: Mapping[str, object], values: list[object], expected: str
) -> None:
    told = [wrong(schema, value) for value in values]
    assert [text and text.startswith(f"({expected}), ") for text in told] == [True] * len(values)


def test_a_long_value_is_shown_in_part() -> None:
    assert len(wrong(INT32, "9" * 5_000) or "") < 300
