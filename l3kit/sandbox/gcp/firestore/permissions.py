"""The permissions that Firestore wants for a call.

Source: Firestore, "Security for server client libraries", required permissions for API methods. For a BatchWrite on
existing documents that table says create where it says update for a Commit: taken for a slip, and update is wanted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import grpc

from l3kit.sandbox.gcp.firestore.refusal import CallRefusedError
from l3kit.sandbox.gcp.guard import Guard, Problem

GET, LIST = "datastore.entities.get", "datastore.entities.list"
CREATE, UPDATE, DELETE = "datastore.entities.create", "datastore.entities.update", "datastore.entities.delete"
OF_METHOD: Mapping[str, tuple[str, ...]] = {
    "GetDocument": (GET,),
    "BatchGetDocuments": (GET,),
    "ListDocuments": (GET, LIST),
    "RunQuery": (GET, LIST),
}
_EXPECTED = "Expected OAuth 2 access token, login cookie or other valid authentication credential."
MISSING = f"Request is missing required authentication credential. {_EXPECTED}"
UNUSABLE = f"Request had invalid authentication credentials. {_EXPECTED}"
DENIED = "Missing or insufficient permissions."


def needed(method: str, request: Any) -> Iterator[str]:
    """Yield the permissions that a request needs on its database; many writes are looked at only if it matters."""
    yield from OF_METHOD.get(method) or dict.fromkeys(one for write in request.writes for one in _of_write(write))


def admit(guard: Guard, authorization: str | None, method: str, request: Any, database: str) -> None:
    """Check a call's token and its owner's permissions. Raises: CallRefusedError."""
    caller = guard.caller(authorization)
    if isinstance(caller, Problem):
        raise _refused(caller)
    found = guard.problem(caller, needed(method, request), database)
    if found is not None:
        raise _refused(found)


def _of_write(write: Any) -> Iterable[str]:
    if write.WhichOneof("operation") == "delete":
        return (DELETE,)
    match write.current_document.WhichOneof("condition_type"):
        case "exists":
            return (UPDATE if write.current_document.exists else CREATE,)
        case "update_time":  # which only an existing document has
            return (UPDATE,)
    return (CREATE, UPDATE)


def _refused(problem: Problem) -> CallRefusedError:
    if problem.kind == "denied":
        return CallRefusedError(grpc.StatusCode.PERMISSION_DENIED, DENIED)
    message = MISSING if problem.kind == "missing" else UNUSABLE
    return CallRefusedError(grpc.StatusCode.UNAUTHENTICATED, message)
