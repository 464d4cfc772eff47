"""Hook around every call, used for fault injection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from l3kit.sandbox.gcp.firestore import names


@dataclass(frozen=True, slots=True)
class CallInfo:
    """Description of a call for the hook.

    Attributes:
        method: for example `BatchWrite`.
        agent: the caller's user agent as sent by gRPC: `l3kit/0.1 hot-to-cold-mover grpc-python-asyncio/...`.
        subject: path, below the database, of the call's first document or its collection.
        writes: number of writes (Commit and BatchWrite).
    """

    method: str
    agent: str
    subject: str
    writes: int = 0


class Intercept(Protocol):
    """Hook around every call. Either method may wait, or raise `CallRefusedError` to end the call with a status."""

    async def before(self, call: CallInfo) -> None:
        """Called before the call is carried out; an error here prevents it."""

    async def after(self, call: CallInfo) -> None:
        """Called after the call has taken effect; an error here, such as UNAVAILABLE, replaces its answer."""


class NoIntercept:
    """Hook that does nothing."""

    async def before(self, call: CallInfo) -> None:
        return None

    async def after(self, call: CallInfo) -> None:
        return None


def describe(method: str, agent: str, request: Any) -> CallInfo:
    """Describe a request for the hook."""
    held = {field.name for field in request.DESCRIPTOR.fields}
    if "writes" in held:
        first = next(iter(request.writes), None)
        return CallInfo(method, agent, "" if first is None else _of_write(first), len(request.writes))
    if "documents" in held:
        subject = next(iter(request.documents), "")
    elif "structured_query" in held:
        subject = _of_query(request.parent, request.structured_query)
    elif "collection_id" in held:
        subject = f"{request.parent}/{request.collection_id}"
    else:
        subject = request.name
    return CallInfo(method, agent, names.below_documents(subject))


def _of_write(write: Any) -> str:
    return names.below_documents(write.update.name or write.delete)


def _of_query(parent: str, query: Any) -> str:
    return f"{parent}/{query.from_[0].collection_id}" if query.from_ else str(parent)
