"""Several writes: a commit is all or nothing, a batch write decides each by itself."""

from __future__ import annotations

from typing import Any

import pytest
from google.api_core.exceptions import AlreadyExists, FailedPrecondition, InvalidArgument
from google.cloud.firestore_v1.types import Write

from tests.integration.sandbox.gcp.firestore.documents import batch_write, ids, numbered, path
from tests.integration.sandbox.gcp.firestore.test_queries import NAME


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
