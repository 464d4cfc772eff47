"""A call's names, masks and pages."""

from __future__ import annotations

from typing import Any

import pytest

from l3kit.sandbox.gcp.control.answers import RefusedError
from l3kit.sandbox.gcp.control.calls import Call, camel, changed, check_etag, page


def call(body: dict[str, Any] | None = None, **query: str) -> Call:
    lists = {name: (text,) for name, text in query.items()}
    return Call("a.b.c", {"name": "projects/p/x/y"}, query, lists, body or {}, "me@example.com")


def test_a_mask_is_told_in_jsons_spelling_wherever_it_is() -> None:
    assert call(updateMask="service_config.timeout_seconds,labels").mask() == ("serviceConfig.timeoutSeconds", "labels")
    assert call({"updateMask": "labels", "topic": {}}).mask() == ("labels",)
    assert call({"labels": {}, "a": 1}).mask() == ("labels", "a")
    assert call({"subscription": {}}).mask("pushConfig") == ("pushConfig",)


@pytest.mark.parametrize(("path", "expected"), [("a_b.c_d", "aB.cD"), ("aB", "aB"), ("a", "a")])
def test_names_of_proto_fields_become_those_of_json(path: str, expected: str) -> None:
    assert camel(path) == expected


def test_a_change_sets_and_unsets_what_its_mask_names() -> None:
    old = {"a": {"b": 1, "c": 2}, "d": 3, "e": 4}
    new = {"a": {"b": 9}, "d": None, "f": 5}
    assert changed(old, new, ("a.b", "d", "f")) == {"a": {"b": 9, "c": 2}, "e": 4, "f": 5}
    assert changed(old, new, ("a.c",)) == {"a": {"b": 1}, "d": 3, "e": 4}
    assert changed(old, new, ("a",)) == {"a": {"b": 9}, "d": 3, "e": 4}
    assert old == {"a": {"b": 1, "c": 2}, "d": 3, "e": 4}


def test_an_etag_is_the_same_with_and_without_its_padding() -> None:
    check_etag("abc", "abc=")
    check_etag("", "abc=")
    with pytest.raises(RefusedError):
        check_etag("abd", "abc=")


def test_a_list_that_is_empty_is_left_out() -> None:
    assert page(call(), [], "items") == {}
    assert page(call(pageSize="1"), [{"n": 1}, {"n": 2}], "items") == {"items": [{"n": 1}], "nextPageToken": "1"}
    assert page(call(pageToken="1"), [{"n": 1}, {"n": 2}], "items") == {"items": [{"n": 2}]}
    with pytest.raises(RefusedError):
        page(call(pageToken="x"), [], "items")
