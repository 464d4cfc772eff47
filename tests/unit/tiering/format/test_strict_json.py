"""Strict JSON: members and elements as the exact bytes sent; what two readers may read differently is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.tiering.format.strict_json import (
    JsonFault,
    NotStrictError,
    elements,
    is_strict_object,
    members,
    split_array,
)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
SPACES = st.text(" \t\r\n", max_size=2)


@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=4), SPACES, st.booleans())
def test_an_object_is_split_into_the_exact_bytes_of_its_values(
    content: dict[str, object], space: str, is_ascii: bool
) -> None:
    texts = {name: json.dumps(value, ensure_ascii=is_ascii) for name, value in content.items()}
    body = f"{{{','.join(f'{space}{json.dumps(name)}{space}:{space}{text}' for name, text in texts.items())}}}{space}"
    encoded = body.encode("utf-8", "surrogatepass")
    assert members(encoded) == {name: text.encode() for name, text in texts.items()}
    assert is_strict_object(body.strip().encode())


@given(st.lists(VALUES, max_size=5), SPACES)
def test_an_array_is_split_into_the_exact_bytes_of_its_elements(content: list[object], space: str) -> None:
    texts = [json.dumps(value) for value in content]
    array = f"[{f'{space},{space}'.join(texts)}]".encode()
    assert split_array(array) == list(elements(array)) == [text.encode() for text in texts]


@pytest.mark.parametrize(
    ("body", "fault", "member"),
    [
        (b'{"a":1,"a":2}', JsonFault.DUPLICATE, None),
        (b'{"a":1,"b":{"c":1,"c":2}}', JsonFault.DUPLICATE, "b"),
        (b'{"a":NaN}', JsonFault.NUMBER, "a"),
        (b'{"a":1e99999999999999999999}', JsonFault.NUMBER, "a"),
        (b'{"a":' + b"[" * 100_000, JsonFault.DEPTH, "a"),
        (b'{"a":1,}', JsonFault.SYNTAX, None),
        (b'{"a":1} {}', JsonFault.SYNTAX, None),
        (b'["a"]', JsonFault.SYNTAX, None),
        (b'{"a":', JsonFault.SYNTAX, None),
        (b'{"a":"\xff"}', JsonFault.SYNTAX, None),
        (b"", JsonFault.SYNTAX, None),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_not_strict_is_refused_with_the_kind_and_the_member(
    body: bytes, fault: JsonFault, member: str | None
) -> None:
    assert not is_strict_object(body)
    with pytest.raises(NotStrictError) as refused:
        members(body)
    assert (refused.value.fault, refused.value.member) == (fault, member)


@given(st.binary(max_size=20) | st.text('{}[]",:1eN\\ ', max_size=20).map(str.encode))
def test_any_bytes_are_split_or_refused_and_both_ways_agree(body: bytes) -> None:
    try:
        found = members(body)
    except NotStrictError:
        assert not is_strict_object(body)
    else:
        assert {name: json.loads(value) for name, value in found.items()} == json.loads(body)
