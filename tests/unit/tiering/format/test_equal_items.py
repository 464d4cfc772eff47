"""Items are equal by their values, so that what is delivered again is the same however a store writes it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from l3kit.tiering.format.equal_items import equal_content

NUMBERS = st.builds(
    "{}{}{}".format,
    st.sampled_from(["0", "1", "-1", "10", "100", "12345678901234567890123"]),
    st.sampled_from(["", ".0", ".10", ".1000000000000000000001"]),
    st.sampled_from(["", "e2", "E-2", "e+400"]),
)


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("1.10", "1.1", True),
        ("1e2", "100", True),
        ("100.0", "100", True),
        ("0.1", "0.10000000000000000001", False),
        ("1", "true", False),
        ("0", "false", False),
        ("0", "null", False),
        ('"1"', "1", False),
        ('"a"', '"\\u0061"', True),
        ('{"a":1,"b":[2]}', '{"b":[2.0],"a":1}', True),
        ('{"a":1}', '{"a":1,"b":null}', False),
        ("[1,2]", "[2,1]", False),
        ("[1]", "[1,1]", False),
        ('{"a":1}', "[1]", False),
        ('{"$stringSet":["a","b"]}', '{"$stringSet":["b","a"]}', True),
        ('{"$numberSet":[1,2.5]}', '{"$numberSet":[2.50,1.0]}', True),
        ('{"$binarySet":["YQ==","Yg=="]}', '{"$binarySet":["Yg==","YQ=="]}', True),
        ('[{"$stringSet":["a","b"]}]', '[{"$stringSet":["b","a"]}]', True),
        ('{"$stringSet":["a","b"]}', '{"$stringSet":["a","c"]}', False),
        ('{"$stringSet":["a","b"]}', '{"$stringSet":["a"]}', False),
        ('{"$stringSet":["a","a"]}', '{"$stringSet":["a"]}', False),
        ('{"$stringSet":["a","b"]}', '{"$binarySet":["b","a"]}', False),
        ('{"$numberSet":[1,2]}', '{"$numberSet":["2","1"]}', False),
        ('{"$numberSet":[true]}', '{"$numberSet":[1]}', False),
        ('{"$stringSet":[["a"],"b"]}', '{"$stringSet":["b",["a"]]}', False),
        ('{"$stringSet":"ab"}', '{"$stringSet":"ba"}', False),
        ('{"$stringSet":["a","b"],"x":1}', '{"$stringSet":["b","a"],"x":1}', False),
        ('{"$list":["a","b"]}', '{"$list":["b","a"]}', False),
    ],
)
def test_items_are_equal_by_the_exact_values(one: str, other: str, equal: bool) -> None:
    first, second = (f'{{"v":{value},"w":1}}'.encode() for value in (one, other))
    assert equal_content(first, second) is equal
    assert equal_content(second, first) is equal


@settings(max_examples=50)
@given(NUMBERS, NUMBERS)
def test_numbers_are_equal_as_decimals(one: str, other: str) -> None:
    assert equal_content(f"[{one}]".encode(), f"[{other}]".encode()) == (Decimal(one) == Decimal(other))
