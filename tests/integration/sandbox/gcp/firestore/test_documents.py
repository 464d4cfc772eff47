"""One document: created, read back with every type, its times, and preconditions on them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.api_core.exceptions import AlreadyExists, FailedPrecondition, NotFound
from google.cloud import firestore
from google.cloud.firestore_v1.types import Write

from tests.conformance.firestore_backend import running_server
from tests.integration.sandbox.gcp.firestore.documents import commit, path


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
