"""Any body that a definition allows is taken; with one field more it is refused, and the field is named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.sandbox.gcp.control.rules import Fault, Rules
from tests.support.google_messages import Called, called, messages, places

CALLED = tuple(called())
RULES = Rules.load()


@st.composite
def cases(draw: st.DrawFn) -> tuple[Called, dict[str, Any]]:
    method = draw(st.sampled_from(CALLED))
    return method, draw(messages(method.document, method.body))


def faults(method: Called, body: object) -> tuple[Fault, ...]:
    return RULES.faults(method.match, method.query, json.dumps(body).encode())


@given(cases())
def test_what_the_definition_allows_is_taken(case: tuple[Called, dict[str, Any]]) -> None:
    assert faults(*case) == ()


@given(cases(), st.data())
def test_one_unknown_field_is_refused_and_named(case: tuple[Called, dict[str, Any]], data: st.DataObject) -> None:
    method, body = case
    place = data.draw(st.sampled_from(places(method.document, method.body, body)))
    name = data.draw(st.text(st.characters(codec="ascii", categories=["L"]), min_size=8, max_size=8).map("x{}".format))
    place[name] = data.draw(st.none() | st.just({}) | st.integers())
    found = faults(method, body)
    assert len(found) == 1
    assert f'Unknown name "{name}"' in found[0].description


@given(cases())
def test_what_was_read_is_taken_and_read_again_the_same(case: tuple[Called, dict[str, Any]]) -> None:
    method, body = case
    read = RULES.message(method.match, json.dumps(body).encode())
    lacking = [fault for fault in faults(method, read) if not fault.description.endswith("is required.")]
    assert lacking == []
    assert RULES.message(method.match, json.dumps(read).encode()) == read


@pytest.mark.parametrize("body", [[], "text", 1, True, None, [{}]])
def test_a_body_that_is_no_object_is_refused(body: object) -> None:
    assert [method for method in CALLED if len(faults(method, body)) != 1] == []
