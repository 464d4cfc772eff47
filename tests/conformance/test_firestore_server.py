"""The sandbox's Firestore server, tested with Google's unmodified clients.

L3KIT_FOREIGN_FIRESTORE=host:port runs the cases against another server: @firestore-emulator/server fails 30 of 48
(`python -m tests.programs.foreign_servers`).
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.api_core.exceptions import (
    AlreadyExists,
    FailedPrecondition,
    GoogleAPICallError,
    InvalidArgument,
    MethodNotImplemented,
    NotFound,
    ServiceUnavailable,
)
from google.api_core.retry import Retry
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter
from google.cloud.firestore_v1.field_path import FieldPath
from google.cloud.firestore_v1.types import BatchWriteRequest, Write

from l3kit.sandbox.gcp.firestore import CallInfo, CallRefusedError
from tests.conformance.firestore_backend import running_server

NAME = FieldPath.document_id()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    foreign = os.environ.get("L3KIT_FOREIGN_FIRESTORE")
    if foreign:
        yield foreign
        return
    with running_server() as own:
        yield own


@pytest.fixture
def db(address: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of a new project."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", address)
    return firestore.Client(project=f"p-{uuid.uuid4().hex[:12]}")


def ids(documents: Any) -> list[str]:
    return [document.id for document in documents]


def numbered(db: Any, count: int, **more: Any) -> Any:
    things = db.collection("things")
    batch = db.batch()
    for n in range(count):
        batch.set(things.document(f"{n:03d}"), {"n": n, "mod": n % 3, **more})
    batch.commit()
    return things


def path(db: Any, relative: str) -> str:
    return f"{db._database_string}/documents/{relative}"


def commit(db: Any, writes: list[Any]) -> Any:
    request = {"database": db._database_string, "writes": writes}
    return db._firestore_api.commit(request, metadata=db._rpc_metadata)


# Single documents


def test_create_refuses_what_exists(db: Any) -> None:
    db.document("a/b").create({"n": 1})
    with pytest.raises(AlreadyExists):
        db.document("a/b").create({"n": 2})
    assert db.document("a/b").get().to_dict() == {"n": 1}


def test_a_document_reads_back_with_every_type(db: Any) -> None:
    written = {
        "text": "传感器 🌡 \x00 `quoted`",
        "whole": 2**63 - 1,
        "float": 0.1,
        "integral float": 3.0,
        "yes": True,
        "none": None,
        "bytes": bytes(range(256)),
        "time": datetime(2026, 1, 2, 3, 4, 5, 678901, UTC),
        "place": firestore.GeoPoint(1.5, -2.5),
        "reference": db.document("a/b"),
        "map": {"键": {"deep": [1, {"x": []}]}},
        "empty": {},
        "list": [],
    }
    db.document("a/b").set(written)
    read = db.document("a/b").get().to_dict()
    assert read == written
    assert isinstance(read["integral float"], float)
    assert isinstance(read["whole"], int)


def test_times_grow_with_every_change_and_stand_still_without_one(db: Any) -> None:
    document = db.document("a/b")
    document.set({"n": 1})
    first = document.get()
    assert first.create_time == first.update_time
    result = document.set({"n": 1})
    assert result.update_time == first.update_time
    assert document.get().update_time == first.update_time
    document.set({"n": 1.0})
    second = document.get()
    assert second.update_time > first.update_time
    assert second.create_time == first.create_time
    document.delete()
    document.set({"n": 1})
    assert document.get().create_time > second.update_time


def test_many_quick_writes_have_times_of_their_own(db: Any) -> None:
    times = [db.document("a/b").set({"n": n}).update_time for n in range(50)]
    assert sorted(set(times)) == times
    assert all(time.nanosecond % 1000 == 0 for time in times)


@pytest.mark.parametrize("operation", ["update", "delete"])
def test_a_stale_update_time_refuses_a_write(db: Any, operation: str) -> None:
    document = db.document("a/b")
    stale = document.set({"n": 1}).update_time
    current = document.set({"n": 2}).update_time

    def write(time: Any) -> None:
        name, condition = path(db, "a/b"), {"update_time": time}
        update = Write(update={"name": name, "fields": {"n": {"integer_value": 3}}}, current_document=condition)
        commit(db, [update if operation == "update" else Write(delete=name, current_document=condition)])

    with pytest.raises(FailedPrecondition):
        write(stale)
    assert document.get().to_dict() == {"n": 2}
    write(current)
    assert document.get().to_dict() == ({"n": 3} if operation == "update" else None)
    document.delete()
    with pytest.raises(FailedPrecondition):
        write(current)


def test_a_delete_may_ask_that_the_document_exists(db: Any) -> None:
    with pytest.raises(NotFound):
        db.document("a/b").delete(option=db.write_option(exists=True))
    db.document("a/b").delete()
    db.document("a/b").set({})
    db.document("a/b").delete(option=db.write_option(exists=True))
    assert not db.document("a/b").get().exists


# Queries


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


# Batches


def test_a_commit_is_all_or_nothing(db: Any) -> None:
    things = numbered(db, 3)
    batch = db.batch()
    batch.set(things.document("000"), {"n": "changed"})
    batch.delete(things.document("001"))
    batch.create(things.document("002"), {})
    with pytest.raises(AlreadyExists):
        batch.commit()
    assert [document.to_dict()["n"] for document in things.order_by(NAME).stream()] == [0, 1, 2]


def test_a_batch_of_deletes_with_stale_update_times_deletes_nothing(db: Any) -> None:
    things = numbered(db, 3)
    times = {document.id: document.update_time for document in things.stream()}
    things.document("001").set({"n": 10})
    batch = db.batch()
    for name, time in times.items():
        batch.delete(things.document(name), option=db.write_option(last_update_time=time))
    with pytest.raises(FailedPrecondition):
        batch.commit()
    assert ids(things.order_by(NAME).stream()) == ["000", "001", "002"]


def batch_write(db: Any, writes: list[Any]) -> Any:
    request = BatchWriteRequest(database=db._database_string, writes=writes)
    return db._firestore_api.batch_write(request, metadata=db._rpc_metadata)


def test_a_batch_write_decides_each_write_by_itself(db: Any) -> None:
    things = numbered(db, 3)
    current = {document.id: document.update_time for document in things.stream()}
    things.document("001").set({"n": 10})
    deletes = [
        Write(delete=path(db, f"things/{name}"), current_document={"update_time": current[name]})
        for name in ("000", "001", "002")
    ]
    answer = batch_write(db, [*deletes, Write(delete=path(db, "things/none"))])
    assert [status.code for status in answer.status] == [0, 9, 0, 0]
    assert len(answer.write_results) == 4
    assert ids(things.stream()) == ["001"]


def test_a_batch_write_takes_500_writes_on_as_many_documents(db: Any) -> None:
    writes = [Write(update={"name": path(db, f"things/{n:03d}")}) for n in range(501)]
    with pytest.raises(InvalidArgument, match="500"):
        batch_write(db, writes)
    assert ids(db.collection("things").stream()) == []
    with pytest.raises(InvalidArgument):
        batch_write(db, [writes[0], writes[0]])
    assert {status.code for status in batch_write(db, writes[:500]).status} == {0}
    assert len(ids(db.collection("things").stream())) == 500


def test_the_bulk_writer_writes_everything(db: Any) -> None:
    writer = db.bulk_writer()
    for n in range(60):
        writer.create(db.document(f"things/{n:03d}"), {"n": n})
    writer.close()
    assert len(ids(db.collection("things").stream())) == 60


# What is not served


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


# Faults


class Faults:
    """Hook that fails the calls of one method, before or after they take effect."""

    def __init__(self) -> None:
        self.calls: list[CallInfo] = []
        self.fail_before: CallRefusedError | None = None
        self.fail_after: CallRefusedError | None = None

    async def before(self, call: CallInfo) -> None:
        self.calls.append(call)
        if self.fail_before:
            raise self.fail_before

    async def after(self, call: CallInfo) -> None:
        if self.fail_after:
            raise self.fail_after


def test_a_hook_sees_each_call_and_can_fail_it_before_or_after_it_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    import grpc

    faults = Faults()
    no_retry = Retry(predicate=lambda _: False)
    with running_server(faults) as address:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", address)
        db = firestore.Client(project="p")
        db.document("hot/d/items/a").set({"n": 1})
        assert (faults.calls[0].method, faults.calls[0].subject, faults.calls[0].writes) == (
            "Commit",
            "hot/d/items/a",
            1,
        )
        assert "grpc-python" in faults.calls[0].agent
        faults.fail_before = CallRefusedError(grpc.StatusCode.UNAVAILABLE, "down")
        with pytest.raises(ServiceUnavailable, match="down"):
            db.document("hot/d/items/a").set({"n": 2}, retry=no_retry)
        faults.fail_before = None
        assert db.document("hot/d/items/a").get().to_dict() == {"n": 1}
        faults.fail_after = CallRefusedError(grpc.StatusCode.UNAVAILABLE, "lost")
        with pytest.raises(ServiceUnavailable, match="lost"):
            db.document("hot/d/items/a").set({"n": 3}, retry=no_retry)
        with pytest.raises(ServiceUnavailable, match="lost"):  # a refusal's answer can be lost too
            db.document("hot/d/items/a").create({"n": 4}, retry=no_retry)
        faults.fail_after = None
        assert db.document("hot/d/items/a").get().to_dict() == {"n": 3}
        assert faults.calls[-1].method == "BatchGetDocuments"
        assert faults.calls[-1].subject == "hot/d/items/a"
        list(db.collection("hot/d/items").stream())
        assert (faults.calls[-1].method, faults.calls[-1].subject) == ("RunQuery", "hot/d/items")


# Time


def test_times_grow_although_the_clock_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    with running_server(clock=lambda: 1_700_000_000_000_000_999) as address:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", address)
        document = firestore.Client(project="p").document("a/b")
        times = []
        for n in range(5):
            times.append(document.set({"n": n}).update_time)
            snapshot = document.get()
            assert snapshot.read_time >= snapshot.update_time == times[-1]
        assert sorted(set(times)) == times
        assert times[-1] - times[0] < timedelta(milliseconds=1)
