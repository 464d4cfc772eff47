"""Writing calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from google.rpc.status_pb2 import Status

from l3kit.sandbox.gcp.firestore import messages, writes
from l3kit.sandbox.gcp.firestore.documents import Documents, Stored, Ticks
from l3kit.sandbox.gcp.firestore.refusal import CallRefusedError, invalid, unimplemented

MAX_BATCH = 500
"""Maximum writes in a BatchWrite. Since March 2023 a Commit is limited only by its size."""
MAX_REQUEST_BYTES = 10 * 1024 * 1024


class Commits:
    """The writing calls of the service. Each runs without interruption from its first check to its last change."""

    def __init__(self, documents: Documents, ticks: Ticks) -> None:
        self._documents = documents
        self._ticks = ticks

    def commit(self, request: Any) -> Any:
        """Apply all writes in order, or none. Several writes may concern one document."""
        _check_size(request)
        if request.transaction:
            raise unimplemented("transactions")
        results, at = self._write(request.writes, request.database)
        return messages.CommitResponse(write_results=results, commit_time=messages.timestamp(at))

    def batch_write(self, request: Any) -> Any:
        """Apply each write separately, with its own status."""
        _check_size(request)
        if len(request.writes) > MAX_BATCH:
            raise invalid(f"a BatchWrite holds at most {MAX_BATCH} writes, not {len(request.writes)}")
        targets = [writes.target(write) for write in request.writes]
        if len(set(targets)) < len(targets):
            raise invalid("a BatchWrite may not write to a document more than once")
        answer = messages.BatchWriteResponse()
        for write in request.writes:
            try:
                results, _ = self._write([write], request.database)
                answer.write_results.append(results[0])
                answer.status.append(Status())
            except CallRefusedError as error:
                answer.write_results.append(messages.WriteResult())
                answer.status.append(Status(code=error.code.value[0], message=error.message))
        return answer

    def _write(self, wanted: Sequence[Any], database: str) -> tuple[list[Any], int]:
        at = self._ticks.commit()
        new: dict[str, Stored | None] = {}
        results = []
        for write in wanted:
            name = writes.target(write)
            if not name.startswith(database + "/documents/"):
                raise invalid(f"{name} is not in {database}")
            current = new[name] if name in new else self._documents.get(name)
            new[name], result = writes.apply(write, current, at)
            results.append(result)
        for name, stored in new.items():
            if stored is not self._documents.get(name):
                self._documents.replace(name, stored)
        return results, at


def _check_size(request: Any) -> None:
    if request.ByteSize() > MAX_REQUEST_BYTES:
        raise invalid(f"the request is larger than {MAX_REQUEST_BYTES} bytes")
