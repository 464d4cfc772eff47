"""Queries and listings: order, cursors, pages, projections."""

from __future__ import annotations

from typing import Any

import pytest
from google.cloud.firestore_v1.field_path import FieldPath

from tests.integration.sandbox.gcp.firestore.documents import ids, numbered

NAME = FieldPath.document_id()


NAMES = ["!", "-", "A", "Aa", "_", "__a", "a", "a-", "a.", "é", "传", "\uff00", "🌡"]


@pytest.mark.parametrize("direction", ["ASCENDING", "DESCENDING"])
def test_documents_are_ordered_by_name(db: Any, direction: str) -> None:
    things = db.collection("things")
    for name in reversed(NAMES):
        things.document(name).set({"same": 1})
    wanted = NAMES if direction == "ASCENDING" else NAMES[::-1]
    assert ids(things.order_by(NAME, direction=direction).stream()) == wanted
    assert ids(things.order_by(NAME, direction=direction).limit(3).stream()) == wanted[:3]


@pytest.mark.parametrize("direction", ["ASCENDING", "DESCENDING"])
def test_cursors_cut_before_or_behind_a_position(db: Any, direction: str) -> None:
    things = numbered(db, 6)
    query = things.order_by(NAME, direction=direction)

    def at(n: float) -> Any:
        return {NAME: things.document(f"{n:03d}" if n == int(n) else f"{int(n):03d}x")}

    def found(query: Any) -> list[int]:
        return [document.to_dict()["n"] for document in query.stream()]

    up = direction == "ASCENDING"
    assert found(query.start_at(at(2))) == ([2, 3, 4, 5] if up else [2, 1, 0])
    assert found(query.start_after(at(2))) == ([3, 4, 5] if up else [1, 0])
    assert found(query.start_at(at(2.5))) == ([3, 4, 5] if up else [2, 1, 0])
    assert found(query.end_at(at(2))) == ([0, 1, 2] if up else [5, 4, 3, 2])
    assert found(query.end_before(at(2))) == ([0, 1] if up else [5, 4, 3])
    assert found(query.end_before(at(2.5))) == ([0, 1, 2] if up else [5, 4, 3])
    low, high = (at(1), at(4)) if up else (at(4), at(1))
    assert found(query.start_after(low).end_at(high).limit(2)) == ([2, 3] if up else [3, 2])


def test_paging_with_cursors_sees_every_document_once(db: Any) -> None:
    query = numbered(db, 57).order_by(NAME).limit(10)
    seen: list[str] = []
    page = list(query.stream())
    while page:
        seen += ids(page)
        page = list(query.start_after(page[-1]).stream())
    assert seen == [f"{n:03d}" for n in range(57)]


def test_a_projection_answers_only_the_chosen_fields_with_the_times(db: Any) -> None:
    things = numbered(db, 2, 名="x")
    query = things.order_by(NAME)
    assert [document.to_dict() for document in query.select(["n", "missing"]).stream()] == [{"n": 0}, {"n": 1}]
    keys = list(query.select([]).stream())
    assert [document.to_dict() for document in keys] == [{}, {}]
    assert [document.update_time for document in keys] == [document.update_time for document in query.stream()]
    assert things.document("000").get(["n"]).to_dict() == {"n": 0}


def test_a_query_is_of_one_collection(db: Any) -> None:
    for path in ("hot/d1/items/a", "hot/d2/items/b", "items/c", "hot/d1/other/d"):
        db.document(path).set({"p": path})
    assert ids(db.collection("hot/d1/items").stream()) == ["a"]
    assert list(db.collection("hot").stream()) == []


# Listing


def test_a_listing_shows_documents_that_only_have_something_below_them(db: Any) -> None:
    for path in ("hot/d1/items/a", "hot/d2", "cold/x"):
        db.document(path).set({})
    assert ids(db.collection("hot").list_documents()) == ["d1", "d2"]
    assert ids(db.collection("hot").stream()) == ["d2"]


def test_a_listing_of_several_pages_is_whole(db: Any) -> None:
    things = numbered(db, 25)
    assert ids(things.list_documents(page_size=7)) == [f"{n:03d}" for n in range(25)]


def test_get_all_finds_and_misses(db: Any) -> None:
    numbered(db, 2)
    found = db.get_all([db.document("things/000"), db.document("things/none"), db.document("things/001")])
    assert sorted((snapshot.id, snapshot.exists) for snapshot in found) == [
        ("000", True),
        ("001", True),
        ("none", False),
    ]
