"""Conditions of events: what they say, how values compare, and that data never make them fail."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from l3kit.tiering.format.exact_numbers import exact_loads
from l3kit.tiering.stream.conditions import ConditionError, Property, parse_condition

ITEM = exact_loads(
    b'{"iotDeviceId":"d","id":"t","temp":30.10,"limit":30.1,"count":5,"mode":"on","ok":true,"none":null,"list":[1],'
    b'"huge":1e400,"telemetry":{"inner":7,"temp":1}}'
)


def holds(text: str) -> bool:
    return parse_condition(text).compared(ITEM) is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("e.c.temp > DOUBLE(30)", True),
        ("e.c.temp > DOUBLE(30.1)", False),
        ("e.c.temp >= DOUBLE(30.1)", True),
        ("e.c.temp == DOUBLE(3.01e1)", True),
        ("e.c.temp != DOUBLE(30.10000000000000000001)", True),
        ("e.c.temp<DOUBLE(30.10000000000000000001)", True),
        ("  DOUBLE( -30 )   <=   a.temp ", True),
        ("e.c.count == INTEGER(5)", True),
        ("e.c.count == DOUBLE(5.0)", True),
        ("e.c.temp == other.c.limit", True),
        ("e.c.temp > e.c.count", True),
        ("e.c.huge > e.c.temp", True),
        ("e.c.mode == STRING(on)", True),
        ("e.c.mode != STRING(off > or on)", True),
        ("e.c.mode > STRING(off)", True),
        ("e.c.ok == STRING(true)", True),
        ("e.c.inner == INTEGER(7)", True),
        ("e.c.mode == INTEGER(5)", False),
        ("e.c.mode != INTEGER(5)", True),
        ("e.c.mode < INTEGER(5)", False),
        ("e.c.ok == INTEGER(1)", False),
        ("e.c.gone != INTEGER(1)", False),
        ("e.c.none != INTEGER(1)", False),
        ("e.c.list != INTEGER(1)", False),
        ("e.c.telemetry != STRING()", False),
    ],
)
def test_a_condition_compares_exact_values(text: str, expected: bool) -> None:
    assert holds(text) is expected


def test_of_a_path_only_the_last_segment_counts() -> None:
    assert (
        parse_condition("a.b.temp > DOUBLE(1)").left == Property("temp") == parse_condition("x.temp > DOUBLE(1)").left
    )


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", "has no value at its end"),
        ("temp > DOUBLE(30)", "has 'temp' at character 1, which is neither"),
        ("e.c.temp", "has no operator at its end; allowed are <= >= == != < >"),
        ("e.c.temp = DOUBLE(3)", "has no operator at character 10"),
        ("e.c.temp => DOUBLE(3)", "has no operator at character 10"),
        ("e.c.temp >", "has no value at its end"),
        ("e.c.temp > 30", "has '30' at character 12, which is neither"),
        ("e.c.temp > 30.5.", "which is neither"),
        ("e..temp > DOUBLE(3)", "which is neither"),
        ("e.c.temp > DOUBLE(warm)", "has DOUBLE(warm) at character 12, whose content is not a decimal number"),
        ("e.c.temp > DOUBLE(NaN)", "not a decimal number"),
        ("e.c.temp > INTEGER(1.5)", "not a whole number"),
        ("e.c.temp > FLOAT(1.5)", "which is neither"),
        ("e.c.temp > DOUBLE(1", "which is neither"),
        ("e.c.temp > DOUBLE(1) and e.c.x > DOUBLE(2)", "has more at character 22 behind its second value"),
        ("DOUBLE(1) < INTEGER(2)", "compares two constants"),
        ("e.c.temp > STRING(" + "x" * 2000 + ")", "is longer than 2,000 characters"),
    ],
)
def test_a_condition_that_cannot_be_parsed_says_where_and_what_is_allowed(text: str, cause: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse_condition(text)
    assert cause in str(caught.value)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.decimals(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.sampled_from("ab"), inner, max_size=2)),
    max_leaves=4,
)


@settings(max_examples=50)
@given(
    st.dictionaries(st.sampled_from(["a", "b", "telemetry"]), JSON),
    st.sampled_from(["<", ">", "==", "<=", ">=", "!="]),
    st.sampled_from(["DOUBLE(30)", "INTEGER(5)", "STRING(x)", "e.b"]),
)
def test_no_data_make_a_condition_fail(item: dict[str, object], sign: str, right: str) -> None:
    condition = parse_condition(f"e.a {sign} {right}")
    opposite = {"<": ">=", ">": "<=", "==": "!=", "<=": ">", ">=": "<", "!=": "=="}[sign]
    other = parse_condition(f"e.a {opposite} {right}").compared(item)
    assert condition.compared(item) is None or other is None


@given(st.text(max_size=30))
def test_no_text_ends_in_another_error(text: str) -> None:
    with contextlib.suppress(ConditionError):
        assert parse_condition(text).text == text
