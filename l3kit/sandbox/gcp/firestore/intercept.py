"""A hook around every call, for faults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from l3kit.sandbox.gcp.firestore import names


@dataclass(frozen=True, slots=True)
class CallInfo:
    """A call as a hook sees it.

    Attributes:
        method: for example `BatchWrite`.
        agent: the caller's user agent, as gRPC sent it: `l3kit/0.1 hot-to-cold-mover grpc-python-asyncio/...`.
        subject: path, below the database, of the first document or the collection that the call is about.
        writes: how many writes it carries (Commit and BatchWrite).
    """

    method: str
    agent: str
    subject: str
    writes: int = 0


class Intercept(Protocol):
    """Runs around every call. Either method may wait, or raise `CallRefusedError` to end the call with a status."""

    async def before(self, call: CallInfo) -> None:
        """Nothing has happened yet: an error here means that nothing will."""

    async def after(self, call: CallInfo) -> None:
        """It has happened, nothing is answered yet: an error here, such as UNAVAILABLE, is a lost answer."""


class NoIntercept:
    """Lets everything pass."""

    async def before(self, call: CallInfo) -> None:
        return None

    async def after(self, call: CallInfo) -> None:
        return None


def describe(method: str, agent: str, request: Any) -> CallInfo:
    """What a hook is told of a request."""
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
