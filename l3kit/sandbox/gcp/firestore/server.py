"""In-memory gRPC server of Firestore on 127.0.0.1."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from l3kit.sandbox.gcp.firestore import messages, names, permissions
from l3kit.sandbox.gcp.firestore.commits import MAX_REQUEST_BYTES, Commits
from l3kit.sandbox.gcp.firestore.databases import Databases
from l3kit.sandbox.gcp.firestore.documents import Documents, Ticks
from l3kit.sandbox.gcp.firestore.intercept import Intercept, NoIntercept, describe
from l3kit.sandbox.gcp.firestore.reads import Reads
from l3kit.sandbox.gcp.firestore.refusal import CallRefusedError, invalid
from l3kit.sandbox.gcp.guard import Guard

SERVICE = "google.firestore.v1.Firestore"
STOP_SECONDS = 0.5
"""Grace period of calls in progress at `stop`."""

Work = Callable[[Any], Any]


class FirestoreServer:
    """The part of Firestore in Native mode that l3kit uses: whole documents and queries by name; else UNIMPLEMENTED.

    Args:
        clock: nanoseconds since 1970.
        intercept: hook around every call.
        guard: decides who may do what; None admits everybody.
    """

    def __init__(
        self,
        clock: Callable[[], int] = time.time_ns,
        *,
        intercept: Intercept | None = None,
        guard: Guard | None = None,
    ) -> None:
        self._documents = Documents()
        self._databases = Databases()
        ticks = Ticks(clock)
        self._reads = Reads(self._documents, ticks)
        self._commits = Commits(self._documents, ticks)
        self._intercept: Intercept = intercept or NoIntercept()
        self._guard = guard
        self._server: Any = None

    async def start(self, port: int = 0) -> int:
        """Listen on 127.0.0.1 and return the port; 0 selects a free one."""
        options = [("grpc.max_receive_message_length", MAX_REQUEST_BYTES + 64 * 1024), ("grpc.so_reuseport", 0)]
        self._server = grpc.aio.server(options=options)
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, self._handlers()),))
        bound = self._server.add_insecure_port(f"127.0.0.1:{port}")
        await self._server.start()
        return int(bound)

    async def stop(self) -> None:
        """Stop listening; calls in progress get half a second to finish."""
        if self._server is not None:
            await self._server.stop(STOP_SECONDS)

    def database_made(self, name: str) -> None:
        """Serve a further database, given by its full name."""
        self._databases.made(name)

    def database_gone(self, name: str) -> None:
        """Delete a database with its documents."""
        self._databases.gone(name)
        self._documents.drop(name)

    def document(self, name: str) -> dict[str, Any] | None:
        """Return a document in JSON's form; None if it is missing."""
        stored = self._documents.get(name)
        return None if stored is None else MessageToDict(stored.document)

    def document_set(self, name: str, fields: Mapping[str, Any]) -> None:
        """Store a document whose fields are in JSON's form. Raises: CallRefusedError."""
        try:
            document = ParseDict({"name": name, "fields": dict(fields)}, messages.Document())
        except ParseError as error:
            raise invalid(str(error)) from None
        database = "/".join(name.split("/")[:4])
        self._commits.commit(messages.CommitRequest(database=database, writes=[{"update": document}]))

    def collections(self, database: str) -> list[str]:
        """Return the ids of the collections in the root of a database."""
        return self._documents.collections(database)

    def _handlers(self) -> dict[str, Any]:
        reads, commits = self._reads, self._commits
        return {
            "GetDocument": self._unary("GetDocument", messages.GetDocumentRequest, reads.get_document),
            "ListDocuments": self._unary("ListDocuments", messages.ListDocumentsRequest, reads.list_documents),
            "BatchGetDocuments": self._stream(
                "BatchGetDocuments", messages.BatchGetDocumentsRequest, reads.batch_get_documents
            ),
            "RunQuery": self._stream("RunQuery", messages.RunQueryRequest, reads.run_query),
            "Commit": self._unary("Commit", messages.CommitRequest, commits.commit),
            "BatchWrite": self._unary("BatchWrite", messages.BatchWriteRequest, commits.batch_write),
        }

    def _unary(self, method: str, request_type: Any, work: Work) -> Any:
        async def handle(request: Any, context: Any) -> Any:
            return await self._answer(method, work, request, context)

        return grpc.unary_unary_rpc_method_handler(handle, request_type.FromString, _serialize)

    def _stream(self, method: str, request_type: Any, work: Work) -> Any:
        async def handle(request: Any, context: Any) -> AsyncIterator[Any]:
            for answer in await self._answer(method, work, request, context):
                yield answer

        return grpc.unary_stream_rpc_method_handler(handle, request_type.FromString, _serialize)

    async def _answer(self, method: str, work: Work, request: Any, context: Any) -> Any:
        """Compute the whole answer before streaming it, so that later writes do not affect it."""
        try:
            call = describe(method, _sent(context, "user-agent"), request)
            await self._intercept.before(call)
            answer = self._done(method, work, request, context)
            await self._intercept.after(call)
            if isinstance(answer, CallRefusedError):
                raise answer
        except CallRefusedError as error:
            await context.abort(error.code, error.message, _details(error))
        return answer

    def _done(self, method: str, work: Work, request: Any, context: Any) -> Any:
        """The call's answer or its refusal, both of which the `after` hook may replace."""
        try:
            database = names.database_of(request)
            if self._guard is not None:
                permissions.admit(self._guard, _sent(context, "authorization"), method, request, database)
            self._databases.check(database)
            return work(request)
        except CallRefusedError as error:
            return error


def _sent(context: Any, key: str) -> str:
    """A text of the call's metadata; empty if it was not sent."""
    return str(dict(context.invocation_metadata() or ()).get(key, ""))


def _details(error: CallRefusedError) -> tuple[tuple[str, bytes], ...]:
    if error.retry_after is None:
        return ()
    wait = Duration()
    wait.FromNanoseconds(int(error.retry_after * 1e9))
    status = Status(code=error.code.value[0], message=error.message)
    status.details.add().Pack(RetryInfo(retry_delay=wait))
    return (("grpc-status-details-bin", status.SerializeToString()),)


def _serialize(message: Any) -> bytes:
    return bytes(message.SerializeToString())
