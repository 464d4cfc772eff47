"""Documents under Google's unchanged clients, and calls that those do not offer."""

from __future__ import annotations

from typing import Any

from google.cloud.firestore_v1.types import BatchWriteRequest


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


def batch_write(db: Any, writes: list[Any]) -> Any:
    request = BatchWriteRequest(database=db._database_string, writes=writes)
    return db._firestore_api.batch_write(request, metadata=db._rpc_metadata)
