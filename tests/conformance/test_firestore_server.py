"""The sandbox's Firestore under Google's unchanged clients.

L3KIT_FOREIGN_FIRESTORE=host:port runs the cases against another server: @firestore-emulator/server fails 48 of 70
(`python -m tests.programs.foreign_servers`).
"""

from __future__ import annotations

import asyncio
import math
import os
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.api_core.exceptions import (
    Aborted,
    AlreadyExists,
    FailedPrecondition,
    GoogleAPICallError,
    InvalidArgument,
    NotFound,
    ServiceUnavailable,
)
from google.api_core.retry import Retry
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import And, FieldFilter, Or
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
    """A client of a project that nobody has used before."""
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


# Single documents


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


def test_create_refuses_what_exists_and_update_what_does_not(db: Any) -> None:
    db.document("a/b").create({"n": 1})
    with pytest.raises(AlreadyExists):
        db.document("a/b").create({"n": 2})
    with pytest.raises(NotFound):
        db.document("a/missing").update({"n": 2})
    assert not db.document("a/missing").get().exists
    assert db.document("a/b").get().to_dict() == {"n": 1}


def test_an_update_touches_only_the_fields_it_names(db: Any) -> None:
    document = db.document("a/b")
    document.set({"keep": 1, "map": {"x": 1, "y.z": 2}, "gone": 3})
    document.update({"map.x": 9, "gone": firestore.DELETE_FIELD, FieldPath("map", "y.z").to_api_repr(): 8})
    assert document.get().to_dict() == {"keep": 1, "map": {"x": 9, "y.z": 8}}
    document.set({"map": {"new": 1}}, merge=True)
    assert document.get().to_dict() == {"keep": 1, "map": {"x": 9, "y.z": 8, "new": 1}}
    document.set({"all": 1})
    assert document.get().to_dict() == {"all": 1}


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
        option = db.write_option(last_update_time=time)
        document.update({"n": 3}, option=option) if operation == "update" else document.delete(option=option)

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


# Transforms


def test_transforms_work_in_set_and_in_update(db: Any) -> None:
    document = db.document("a/b")
    before = datetime.now(UTC) - timedelta(seconds=1)
    document.set({"n": firestore.Increment(5), "at": firestore.SERVER_TIMESTAMP, "list": firestore.ArrayUnion([1, 2])})
    read = document.get().to_dict()
    assert (read["n"], read["list"]) == (5, [1, 2])
    assert before < read["at"] < datetime.now(UTC) + timedelta(seconds=1)
    document.update({"n": firestore.Increment(2), "list": firestore.ArrayUnion([2.0, 3])})
    document.update({"list": firestore.ArrayRemove([1])})
    assert document.get().to_dict()["n"] == 7
    assert document.get().to_dict()["list"] == [2, 3]
    document.set({"n": firestore.Increment(0.5)}, merge=True)
    assert document.get().to_dict()["n"] == 7.5
    document.update({"n": firestore.Maximum(100), "m": firestore.Minimum(4)})
    assert (document.get().to_dict()["n"], document.get().to_dict()["m"]) == (100, 4)
    document.update({"n": firestore.Maximum(3), "m": firestore.Minimum(-1.5)})
    assert (document.get().to_dict()["n"], document.get().to_dict()["m"]) == (100, -1.5)


def test_an_increment_stops_at_the_largest_integer(db: Any) -> None:
    document = db.document("a/b")
    document.set({"n": 2**63 - 2})
    document.update({"n": firestore.Increment(10)})
    assert document.get().to_dict()["n"] == 2**63 - 1


def test_increments_at_once_all_count(db: Any) -> None:
    db.document("a/b").set({"n": 0})
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: db.document("a/b").update({"n": firestore.Increment(1)}), range(80)))
    assert db.document("a/b").get().to_dict()["n"] == 80


# Queries


def test_filters(db: Any) -> None:
    things = db.collection("things")
    rows: dict[str, Any] = {
        "a": {"v": 1, "tags": ["x", "y"]},
        "b": {"v": 2.5, "tags": ["y"]},
        "c": {"v": "2", "tags": []},
        "d": {"v": None},
        "e": {"v": math.nan},
        "f": {"other": 1},
        "g": {"v": 3, "tags": ["z"], "in": {"side": 1}},
    }
    for name, row in rows.items():
        things.document(name).set(row)

    def found(*filter_: Any) -> list[str]:
        return sorted(ids(things.where(filter=FieldFilter(*filter_)).stream()))

    assert found("v", "==", 1.0) == ["a"]
    assert found("v", "==", None) == ["d"]
    assert found("v", "==", math.nan) == ["e"]
    assert found("v", "!=", 1) == ["b", "c", "e", "g"]
    assert found("v", "!=", None) == ["a", "b", "c", "e", "g"]
    assert found("v", ">", 1) == ["b", "g"]
    assert found("v", "<=", 2.5) == ["a", "b"]
    assert found("v", ">=", "") == ["c"]
    assert found("v", "in", [1, "2"]) == ["a", "c"]
    assert found("v", "not-in", [1, "2"]) == ["b", "e", "g"]
    assert found("tags", "array_contains", "y") == ["a", "b"]
    assert found("tags", "array_contains_any", ["x", "z"]) == ["a", "g"]
    assert found("in.side", "==", 1) == ["g"]
    either = Or(
        [FieldFilter("v", "==", 1), And([FieldFilter("v", ">", 2), FieldFilter("tags", "array_contains", "z")])]
    )
    assert sorted(ids(things.where(filter=either).stream())) == ["a", "g"]
    by_name = things.where(filter=FieldFilter(NAME, ">=", things.document("c"))).where(
        filter=FieldFilter(NAME, "<", things.document("e"))
    )
    assert ids(by_name.stream()) == ["c", "d"]


def test_values_of_all_types_have_one_order(db: Any) -> None:
    things = db.collection("things")
    ordered = [
        None, False, True, math.nan, -math.inf, -1, 0.5, 1, 2**62, 2**62 + 1, math.inf,
        datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, 0, 0, 0, 1, UTC),
        "", "A", "a", "é", "\uffff", "🌡", b"", b"\x00", b"a",
        db.document("a/a"), db.document("a/b"), firestore.GeoPoint(0, 1), firestore.GeoPoint(1, 0),
        [], [1, 2, 3], [1, 2, 3, 1], [2], {}, {"a": "aaa", "b": "baz"}, {"a": "foo", "b": "bar"},
        {"a": "foo", "b": "bar", "c": "qux"}, {"a": "foo", "b": "baz"}, {"b": "aaa"},
    ]  # fmt: skip
    for n, value in enumerate(ordered):
        things.document(f"{(n * 17) % 41:02d}-{n}").set({"v": value, "n": n})
    up = [document.to_dict()["n"] for document in things.order_by("v").stream()]
    down = [document.to_dict()["n"] for document in things.order_by("v", direction=firestore.Query.DESCENDING).stream()]
    assert up == list(range(len(ordered)))
    assert down == up[::-1]


NAMES = ["!", "-", "A", "Aa", "_", "__a", "a", "a-", "a.", "é", "传", "\uff00", "🌡"]


@pytest.mark.parametrize("direction", ["ASCENDING", "DESCENDING"])
def test_documents_are_ordered_by_name(db: Any, direction: str) -> None:
    things = db.collection("things")
    for name in reversed(NAMES):
        things.document(name).set({"same": 1})
    wanted = NAMES if direction == "ASCENDING" else NAMES[::-1]
    assert ids(things.order_by(NAME, direction=direction).stream()) == wanted
    assert ids(things.order_by("same", direction=direction).stream()) == wanted
    assert ids(things.order_by(NAME, direction=direction).offset(2).limit(3).stream()) == wanted[2:5]


def test_several_fields_order_in_their_own_directions(db: Any) -> None:
    things = numbered(db, 9)
    found = things.order_by("mod", direction=firestore.Query.DESCENDING).order_by("n").stream()
    assert [document.to_dict()["n"] for document in found] == [2, 5, 8, 1, 4, 7, 0, 3, 6]
    found = things.order_by("mod").order_by(NAME, direction=firestore.Query.DESCENDING).stream()
    assert ids(found) == ["006", "003", "000", "007", "004", "001", "008", "005", "002"]


def test_what_lacks_the_ordered_field_is_not_found(db: Any) -> None:
    db.document("things/a").set({"v": 1})
    db.document("things/b").set({})
    assert ids(db.collection("things").order_by("v").stream()) == ["a"]
    assert ids(db.collection("things").stream()) == ["a", "b"]


@pytest.mark.parametrize("direction", ["ASCENDING", "DESCENDING"])
@pytest.mark.parametrize("by", ["name", "field"])
def test_cursors_cut_before_or_behind_a_position(db: Any, by: str, direction: str) -> None:
    things = numbered(db, 6)
    if by == "name":
        query = things.order_by(NAME, direction=direction)

        def at(n: float) -> Any:
            return {NAME: things.document(f"{n:03d}" if n == int(n) else f"{int(n):03d}x")}
    else:
        query = things.order_by("n", direction=direction)

        def at(n: float) -> Any:
            return {"n": n}

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


def test_a_cursor_may_name_only_the_first_of_several_orders(db: Any) -> None:
    things = numbered(db, 9)
    query = things.order_by("mod").order_by("n")
    assert [d.to_dict()["n"] for d in query.start_after({"mod": 0}).stream()] == [1, 4, 7, 2, 5, 8]
    assert [d.to_dict()["n"] for d in query.start_after({"mod": 1, "n": 4}).stream()] == [7, 2, 5, 8]


def test_paging_with_cursors_sees_every_document_once(db: Any) -> None:
    things = numbered(db, 57)
    seen: list[str] = []
    query = things.order_by("mod").limit(10)
    page = list(query.stream())
    while page:
        seen += ids(page)
        page = list(query.start_after(page[-1]).stream())
    assert len(seen) == 57
    assert sorted(seen) == [f"{n:03d}" for n in range(57)]
    last = things.order_by("n").limit_to_last(3).get()
    assert [document.to_dict()["n"] for document in last] == [54, 55, 56]


def test_a_projection_answers_only_the_chosen_fields_with_the_times(db: Any) -> None:
    numbered(db, 2, map={"x": 1, "y": 2})
    query = db.collection("things").order_by(NAME)
    chosen = list(query.select(["n", "map.x", "missing"]).stream())
    assert [document.to_dict() for document in chosen] == [{"n": 0, "map": {"x": 1}}, {"n": 1, "map": {"x": 1}}]
    keys = list(query.select([]).stream())
    assert [document.to_dict() for document in keys] == [{}, {}]
    assert [document.update_time for document in keys] == [document.update_time for document in query.stream()]
    assert db.document("things/000").get(["n"]).to_dict() == {"n": 0}


def test_a_collection_group_spans_parents_and_a_collection_does_not(db: Any) -> None:
    for path in ("hot/d1/items/a", "hot/d2/items/b", "items/c", "hot/d1/other/d"):
        db.document(path).set({"p": path})
    assert sorted(ids(db.collection_group("items").stream())) == ["a", "b", "c"]
    assert ids(db.collection("hot/d1/items").stream()) == ["a"]
    assert list(db.collection("hot").stream()) == []
    group = db.collection_group("items").where(filter=FieldFilter("p", "==", "hot/d2/items/b"))
    assert ids(group.stream()) == ["b"]


def test_counting(db: Any) -> None:
    things = numbered(db, 10)
    query = things.where(filter=FieldFilter("mod", "==", 0))
    assert query.count(alias="all").get()[0][0].value == 4
    assert things.limit(3).count().get()[0][0].value == 3


# Listing and removing


def test_listings_show_collections_and_documents_that_only_have_something_below_them(db: Any) -> None:
    db.document("hot/d1/items/a").set({})
    db.document("hot/d2").set({})
    db.document("cold/x").set({})
    assert sorted(collection.id for collection in db.collections()) == ["cold", "hot"]
    assert [collection.id for collection in db.document("hot/d1").collections()] == ["items"]
    assert ids(db.collection("hot").list_documents()) == ["d1", "d2"]
    assert ids(db.collection("hot").stream()) == ["d2"]


def test_a_listing_of_several_pages_is_whole(db: Any) -> None:
    things = numbered(db, 25)
    assert ids(things.list_documents(page_size=7)) == [f"{n:03d}" for n in range(25)]


def test_a_recursive_delete_takes_everything_below_and_nothing_beside(db: Any) -> None:
    for path in ("hot/d1", "hot/d1/items/a", "hot/d1/items/b", "hot/d2/items/c", "hots/x", "ho/x"):
        db.document(path).set({})
    db.recursive_delete(db.collection("hot"))
    assert sorted(collection.id for collection in db.collections()) == ["ho", "hots"]


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
    things.document("001").update({"n": 10})
    batch = db.batch()
    for name, time in times.items():
        batch.delete(things.document(name), option=db.write_option(last_update_time=time))
    with pytest.raises(FailedPrecondition):
        batch.commit()
    assert ids(things.order_by(NAME).stream()) == ["000", "001", "002"]


def test_a_commit_may_write_a_document_twice_in_order(db: Any) -> None:
    batch = db.batch()
    document = db.document("a/b")
    batch.create(document, {"n": 1})
    batch.update(document, {"n": firestore.Increment(1)})
    assert len({result.update_time.isoformat() for result in batch.commit()}) == 1
    assert document.get().to_dict() == {"n": 2}


def batch_write(db: Any, writes: list[Any]) -> Any:
    request = BatchWriteRequest(database=db._database_string, writes=writes)
    return db._firestore_api.batch_write(request, metadata=db._rpc_metadata)


def path(db: Any, relative: str) -> str:
    return f"{db._database_string}/documents/{relative}"


def test_a_batch_write_decides_each_write_by_itself(db: Any) -> None:
    things = numbered(db, 3)
    current = {document.id: document.update_time for document in things.stream()}
    things.document("001").update({"n": 10})
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


# Transactions


def test_an_update_between_a_transactions_read_and_commit_runs_it_again(db: Any) -> None:
    document = db.document("a/b")
    document.set({"n": 1})
    reads: list[int] = []

    @firestore.transactional
    def add(transaction: Any) -> None:
        n = document.get(transaction=transaction).to_dict()["n"]
        if not reads:
            document.set({"n": 100})
        reads.append(n)
        transaction.update(document, {"n": n + 1})

    add(db.transaction())
    assert reads == [1, 100]
    assert document.get().to_dict() == {"n": 101}


def test_transactions_at_once_lose_no_update(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", address)

    async def run() -> int:
        db = firestore.AsyncClient(project=f"p-{uuid.uuid4().hex[:12]}")
        document = db.document("a/b")
        await document.set({"n": 0})

        @firestore.async_transactional
        async def add(transaction: Any) -> None:
            n = (await document.get(transaction=transaction)).to_dict()["n"]
            transaction.update(document, {"n": n + 1})

        await asyncio.gather(*(add(db.transaction(max_attempts=200)) for _ in range(20)))
        n: int = (await document.get()).to_dict()["n"]
        return n

    assert asyncio.run(run()) == 20


def test_a_document_that_appears_in_a_query_of_a_transaction_is_a_conflict(db: Any) -> None:
    things = numbered(db, 3)
    runs: list[int] = []

    @firestore.transactional
    def count(transaction: Any) -> None:
        found = list(things.where(filter=FieldFilter("n", ">=", 1)).stream(transaction=transaction))
        if not runs:
            things.document("new").set({"n": 5})
        runs.append(len(found))
        transaction.set(db.document("a/count"), {"n": len(found)})

    count(db.transaction())
    assert runs == [2, 3]
    assert db.document("a/count").get().to_dict() == {"n": 3}


def test_a_conflict_is_answered_with_aborted_and_nothing_is_written(db: Any) -> None:
    document = db.document("a/b")
    document.set({"n": 1})
    transaction = db.transaction()
    transaction._begin()
    next(iter(transaction.get(document)))
    document.set({"n": 2})
    transaction.set(document, {"n": 3})
    transaction.set(db.document("a/other"), {})
    with pytest.raises(Aborted):
        transaction._commit()
    assert document.get().to_dict() == {"n": 2}
    assert not db.document("a/other").get().exists


def test_a_change_that_a_transaction_did_not_look_at_is_no_conflict(db: Any) -> None:
    db.document("a/b").set({"n": 1})
    runs: list[int] = []

    @firestore.transactional
    def work(transaction: Any) -> None:
        runs.append(1)
        db.document("a/b").get(transaction=transaction)
        db.document("a/c").set({"n": len(runs)})
        transaction.set(db.document("a/b"), {"n": 2})

    work(db.transaction())
    assert runs == [1]


def test_a_read_only_transaction_reads_one_snapshot(db: Any) -> None:
    things = numbered(db, 3)
    transaction = db.transaction(read_only=True)
    transaction._begin()
    assert things.document("000").get(transaction=transaction).to_dict()["n"] == 0
    things.document("000").update({"n": 10})
    things.document("001").delete()
    things.document("new").set({"n": 11})
    assert things.document("000").get(transaction=transaction).to_dict()["n"] == 0
    found = list(things.order_by(NAME).stream(transaction=transaction))
    assert [document.to_dict()["n"] for document in found] == [0, 1, 2]
    assert ids(things.where(filter=FieldFilter("n", ">=", 10)).stream(transaction=transaction)) == []
    transaction._commit()
    assert ids(things.order_by(NAME).stream()) == ["000", "002", "new"]


def test_what_is_rolled_back_was_never_written(db: Any) -> None:
    @firestore.transactional
    def fail(transaction: Any) -> None:
        transaction.set(db.document("a/b"), {})
        raise KeyError

    with pytest.raises(KeyError):
        fail(db.transaction())
    assert not db.document("a/b").get().exists


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
        db.document("a/b").update({"y": bytes(1_048_576 - 1_000_000 - 4 - 16 - 2 - 2 - 32 + 1)})


def test_a_request_over_10_mebibytes_is_refused(db: Any) -> None:
    batch = db.batch()
    for n in range(11):
        batch.set(db.document(f"things/{n}"), {"v": bytes(1_000_000)})
    with pytest.raises(GoogleAPICallError):
        batch.commit(retry=Retry(predicate=lambda _: False))
    assert ids(db.collection("things").select([]).stream()) == []


# Faults


class Faults:
    """Fails the calls of one method, before or after they took effect."""

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


def test_a_transaction_left_alone_for_a_minute_is_no_longer_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_700_000_000_000_000_000]
    with running_server(clock=lambda: now[0]) as address:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", address)
        db = firestore.Client(project="p")
        transaction = db.transaction()
        transaction._begin()
        now[0] += 59 * 10**9
        list(transaction.get(db.document("a/b")))
        now[0] += 59 * 10**9
        list(transaction.get(db.document("a/b")))
        now[0] += 61 * 10**9
        transaction.set(db.document("a/b"), {})
        with pytest.raises(InvalidArgument, match="expired"):
            transaction._commit()
        assert not db.document("a/b").get().exists
