"""The members of an item: the quick ways give what the thorough one gives, or leave it to that."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from l3kit.tiering.format.item_members import _checked_members, item_members
from l3kit.tiering.format.strict_json import NotStrictError

NAMES = st.text(st.sampled_from('a:"\\{[,é \x7f'), max_size=3)
VALUES = st.recursive(
    st.one_of(NAMES, st.none(), st.booleans(), st.integers(), st.sampled_from([0.5, 1e300, -0.0])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def objects(draw: st.DrawFn) -> bytes:
    item = draw(st.dictionaries(NAMES, VALUES, max_size=4))
    separators = draw(st.sampled_from([(",", ":"), (", ", " : ")]))
    return json.dumps(item, separators=separators, ensure_ascii=draw(st.booleans())).encode()


def outcome(split: object, item: bytes) -> object:
    try:
        return split(item)  # type: ignore[operator]
    except NotStrictError as error:
        return error.fault, error.member, str(error)


@settings(max_examples=40)
@given(objects())
@example(b'{"\\u003a":": 1"}')
@example(b'{"a":1,"b\\"a":2}')
@example(b'{"a":[[[[{"a":1}]]]],"b":2}')
@example(b'{"b":2,"a":[[[[{"a":1}]]]]}')
@example(b'{"a":"{\\"a\\":[","b":{"c":"]}\\\\"}}')
@example(b'{"a":{"b":1,"b":2}}')
@example(b'{"a":[1],"a":2}')
@example(b'{"a":{"b":NaN}}')
@example(b'{"a":[1e9999999999999999999]}')
@example(b'{"a":["\\ud800"]}')
@example(b'{"a":["\x01"]}')
@example(b'{"a":["\xff"]}')
@example(b'{"a":[1]} x')
@example(b' {"a":[1]}\n')
@example(b'{"a":[1],}')
@example(b'{"a":[1}')
@example(b'[{"a":[1]}]')
@example(b'"{[1]}"')
def test_any_object_is_split_as_the_thorough_way_does(item: bytes) -> None:
    assert outcome(item_members, item) == outcome(_checked_members, item)


@settings(max_examples=40)
@given(objects(), st.integers(0, 60), st.sampled_from([b"", b'"', b"{", b"]", b"\\", b",", b"\x00", b"\xc3"]))
def test_a_damaged_object_is_refused_as_the_thorough_way_does(item: bytes, at: int, put: bytes) -> None:
    damaged = item[:at] + put + item[at + 1 :]
    assert outcome(item_members, damaged) == outcome(_checked_members, damaged)


@pytest.mark.parametrize("opened", [b"[", b'{"a":', b'[{"a":'])
def test_deep_nesting_is_found_in_time(opened: bytes) -> None:
    item = b'{"a":' + opened * 100_000
    with pytest.raises(NotStrictError):
        item_members(item)


def test_members_keep_their_exact_bytes() -> None:
    item = rb'{"a":1.10,"t":"\u00e9\"{","deep":{"b":[1.0, 2],"c":"}"},"e":1e-400,"n":null}'
    assert item_members(item) == {
        b"a": b"1.10",
        b"t": rb'"\u00e9\"{"',
        b"deep": b'{"b":[1.0, 2],"c":"}"}',
        b"e": b"1e-400",
        b"n": b"null",
    }
