"""What Firestore cannot hold, and what the sandbox does not serve, is refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from google.api_core.exceptions import GoogleAPICallError, InvalidArgument, MethodNotImplemented
from google.api_core.retry import Retry
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter
from google.cloud.firestore_v1.types import Write

from tests.integration.sandbox.gcp.firestore.documents import batch_write, ids, numbered, path

NOT_SERVED: dict[str, Callable[[Any], object]] = {
    "a change of one field": lambda db: db.document("things/000").update({"n": 1}),
    "a transform": lambda db: db.document("things/000").set({"n": firestore.Increment(1)}),
    "a filter": lambda db: db.collection("things").where(filter=FieldFilter("n", "==", 1)).get(),
    "an order by a field": lambda db: db.collection("things").order_by("n").get(),
    "an offset": lambda db: db.collection("things").offset(1).get(),
    "a collection group": lambda db: db.collection_group("things").get(),
    "a nested projection": lambda db: db.collection("things").select(["map.x"]).get(),
    "a count": lambda db: db.collection("things").count().get(),
    "a listing of collections": lambda db: list(db.collections()),
    "a transaction": lambda db: db.transaction()._begin(),
}


@pytest.mark.skipif("L3KIT_FOREIGN_FIRESTORE" in os.environ, reason="another server may serve more")
@pytest.mark.parametrize("case", NOT_SERVED)
def test_what_is_not_served_is_refused_and_changes_nothing(db: Any, case: str) -> None:
    numbered(db, 2, map={"x": 1})
    with pytest.raises(MethodNotImplemented):
        NOT_SERVED[case](db)
    assert db.document("things/000").get().to_dict() == {"n": 0, "mod": 0, "map": {"x": 1}}


# Limits


@pytest.mark.parametrize("name", [".", "..", "__x__", "____", "x" * 1501, "é" * 751])
def test_ids_that_firestore_cannot_hold_are_refused(db: Any, name: str) -> None:
    with pytest.raises(InvalidArgument):
        batch_write(db, [Write(update={"name": path(db, f"things/{name}")})])


@pytest.mark.parametrize("name", ["...", "___", "__x", "x__", "x" * 1500, "é" * 750, "a b", "\x01", "%2F"])
def test_ids_that_look_odd_are_accepted(db: Any, name: str) -> None:
    db.collection("things").document(name).set({"n": 1})
    assert ids(db.collection("things").stream()) == [name]


def nested(levels: int) -> Any:
    return 1 if levels == 0 else {"m": nested(levels - 1)}


BAD: dict[str, Any] = {
    "an array in an array": {"v": [[1]]},
    "a reserved field name": {"__v__": 1},
    "a long field name": {"x" * 1501: 1},
    "a reserved name in a map": {"v": {"__v__": 1}},
    "maps too deep": nested(22),
    "a document over 1 MiB": {"a": "x" * 600_000, "b": "x" * 600_000},
    "a value of 1 MiB": {"a": "x" * 1_048_488},
}


@pytest.mark.parametrize("case", BAD)
def test_content_that_firestore_cannot_hold_is_refused(db: Any, case: str) -> None:
    with pytest.raises(InvalidArgument):
        db.document("a/b").set(BAD[case])
    assert not db.document("a/b").get().exists


def test_a_document_may_have_exactly_one_mebibyte(db: Any) -> None:
    # name: "a" and "b" 2 bytes each, 16 more; field "x" 2 and its bytes; 32 for the document
    db.document("a/b").set({"x": bytes(1_000_000), "y": bytes(1_048_576 - 1_000_000 - 4 - 16 - 2 - 2 - 32)})
    with pytest.raises(InvalidArgument):
        db.document("a/b").set({"x": bytes(1_000_000), "y": bytes(1_048_576 - 1_000_000 - 4 - 16 - 2 - 2 - 32 + 1)})


def test_a_request_over_10_mebibytes_is_refused(db: Any) -> None:
    batch = db.batch()
    for n in range(11):
        batch.set(db.document(f"things/{n}"), {"v": bytes(1_000_000)})
    with pytest.raises(GoogleAPICallError):
        batch.commit(retry=Retry(predicate=lambda _: False))
    assert ids(db.collection("things").select([]).stream()) == []
