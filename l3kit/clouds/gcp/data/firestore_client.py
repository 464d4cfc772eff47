"""Calls to Firestore's gRPC API, with the retries of the data plane."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
from google.api_core.exceptions import GoogleAPICallError, Unauthenticated
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from google.cloud.firestore_v1.services.firestore import FirestoreAsyncClient
from google.cloud.firestore_v1.services.firestore.pagers import ListDocumentsAsyncPager
from google.cloud.firestore_v1.services.firestore.transports.grpc_asyncio import FirestoreGrpcAsyncIOTransport
from google.rpc.error_details_pb2 import RetryInfo
from grpc import StatusCode as Code

from l3kit.clouds.gcp.data.credentials import CallMetadata, Metadata, default_credentials, may_pass, shown
from l3kit.errors import StoreError
from l3kit.tiering.ports import Usage
from l3kit.tiering.retry import Passing, RetryPolicy

TRANSIENT = frozenset(
    {
        Code.ABORTED,
        Code.CANCELLED,
        Code.DEADLINE_EXCEEDED,
        Code.INTERNAL,
        Code.RESOURCE_EXHAUSTED,
        Code.UNAVAILABLE,
        Code.UNKNOWN,
    }
)
"""Retryable statuses."""
REMEDIES: Mapping[Code, str] = {
    Code.NOT_FOUND: "The database is missing: run deploy_l3",
    Code.FAILED_PRECONDITION: "An index is missing or still being built: run deploy_l3, or wait some minutes",
    Code.UNAUTHENTICATED: "The credentials have expired or are not valid for this project: log in again",
}
NEEDED: Mapping[str, str] = {
    "batch_create": "datastore.entities.create",
    "batch_delete": "datastore.entities.delete",
    "batch_get": "datastore.entities.get",
    "batch_put": "datastore.entities.create and datastore.entities.update",
    "delete": "datastore.entities.delete",
    "get": "datastore.entities.get",
    "list": "datastore.entities.get and datastore.entities.list",
    "put": "datastore.entities.create and datastore.entities.update",
    "query": "datastore.entities.get and datastore.entities.list",
    "replace": "datastore.entities.update",
    "scan": "datastore.entities.get and datastore.entities.list",
}
"""Permissions by kind of call; Firestore's refusals name none."""
DATABASE_MISSING = "The database "
NO_CODES: frozenset[Code] = frozenset()
ANYBODY = [("authorization", "Bearer owner")]
"""Authorization for an emulator, which takes it from anybody."""
HOST = "firestore.googleapis.com"
MAX_WAIT_SECONDS = 60.0
"""The longest wait that Firestore can request."""

Enough = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Refused:
    """An expected error status."""

    code: Code
    message: str = ""


class FirestoreClient:
    """Client of one database.

    Args:
        endpoint: host and port of a server without TLS; None for Google's.
        agent: user agent.
        credentials: called once, at the first call; None: an emulator's, which asks for none, or Google's default ones.
        timeout: seconds per request.
        denied: remedy for a missing permission, which depends on whose credentials these are.
    """

    def __init__(
        self,
        project: str,
        database: str,
        endpoint: str | None,
        agent: str,
        *,
        credentials: Callable[[], Credentials] | None = None,
        retry: RetryPolicy | None = None,
        timeout: float = 30.0,
        denied: str,
    ) -> None:
        self.database = f"projects/{project}/databases/{database}"
        self.documents = f"{self.database}/documents"
        self.usage = Usage()
        self.retry = retry or RetryPolicy(longest=MAX_WAIT_SECONDS)
        self._endpoint = endpoint
        self._agent = agent
        self._timeout = timeout
        self._denied = denied
        self._metadata = [("google-cloud-resource-prefix", self.database)]
        found = credentials or (None if endpoint else default_credentials)
        self._identity = None if found is None else CallMetadata(found)
        self._api: FirestoreAsyncClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def call(
        self,
        method: str,
        kind: str,
        resource: str,
        request: Any,
        *,
        expected: frozenset[Code] = NO_CODES,
        enough: Enough | None = None,
    ) -> Any:
        """Send with retries; return the response, or `Refused` with an expected code.

        Args:
            kind: the kind under which the request is counted.
            resource: for error messages.
            request: the wrapper of the protobuf message.
            expected: statuses that are returned to the caller.
            enough: makes this a streaming call that returns a list; called with each message, it ends the stream when
                it returns True.
        Raises: StoreError with cause and remedy.
        """
        return await self.retry.until_settled(
            self.usage,
            kind,
            resource,
            lambda: self.attempt(method, kind, resource, request, expected=expected, enough=enough),
        )

    async def attempt(
        self,
        method: str,
        kind: str,
        resource: str,
        request: Any,
        *,
        expected: frozenset[Code] = NO_CODES,
        enough: Enough | None = None,
    ) -> Any:
        """Send once, like `call`, but return `Passing` for a transient failure.

        Raises: StoreError if a retry would not help.
        """
        self.usage.count(kind)
        self.usage.bytes_out += type(request).pb(request).ByteSize()
        try:
            answer = await self._admitted(method, resource, request, enough)
        except GoogleAPICallError as error:
            return self._failure(error, kind, resource, expected)
        except GoogleAuthError as error:
            cause = f"{kind} could not be authenticated ({shown(error)})"
            if may_pass(error):
                return Passing(cause)
            raise StoreError(resource, cause, REMEDIES[Code.UNAUTHENTICATED]) from None
        if answer is None or enough is not None:  # the response to a delete is empty
            return answer
        plain = type(answer).pb(answer)
        self.usage.bytes_in += plain.ByteSize()
        return plain

    async def close(self) -> None:
        """Close the connection."""
        api, self._api = self._api, None
        if api is not None and self._loop is asyncio.get_running_loop():
            await api.transport.close()

    async def _admitted(self, method: str, resource: str, request: Any, enough: Enough | None) -> Any:
        """Send; once more with a new token if the first one is refused, which was valid by its own time."""
        if self._identity is None:
            return await self._sent(method, resource, request, enough, ANYBODY)
        first = await self._identity.of_call()
        try:
            return await self._sent(method, resource, request, enough, first)
        except Unauthenticated:
            second = await self._identity.of_call(refused=first)
            if second == first:
                raise
            return await self._sent(method, resource, request, enough, second)

    async def _sent(self, method: str, resource: str, request: Any, enough: Enough | None, let_in: Metadata) -> Any:
        stub = getattr(self._client(resource), method)
        answer = await stub(request, retry=None, timeout=self._timeout, metadata=[*self._metadata, *let_in])
        if enough is not None:
            return await self._collect(answer, enough)
        if isinstance(answer, ListDocumentsAsyncPager):  # which would fetch the next pages by itself
            return await anext(aiter(answer.pages))
        return answer

    async def _collect(self, stream: Any, enough: Enough) -> list[Any]:
        answers = []
        async for wrapped in stream:
            plain = type(wrapped).pb(wrapped)
            self.usage.bytes_in += plain.ByteSize()
            answers.append(plain)
            if enough(plain):
                stream.cancel()
                break
        return answers

    def _failure(
        self, error: GoogleAPICallError, kind: str, resource: str, expected: frozenset[Code]
    ) -> Refused | Passing:
        code = error.grpc_status_code or Code.UNKNOWN
        missing = code is Code.NOT_FOUND and str(error.message).startswith(DATABASE_MISSING)
        if code in expected and not missing:  # unlike a missing document never what a caller expects
            return Refused(code, str(error.message))
        cause = f"{kind} returned {code.name} {error.message}".rstrip()
        if code is Code.PERMISSION_DENIED and kind in NEEDED:
            cause = f"{cause.rstrip('.')} ({NEEDED[kind]})"
        if code not in TRANSIENT:
            remedy = self._denied if code is Code.PERMISSION_DENIED else REMEDIES.get(code, "")
            raise StoreError(resource, cause, remedy) from None
        waits = [detail.retry_delay.ToNanoseconds() / 1e9 for detail in error.details if isinstance(detail, RetryInfo)]
        return Passing(cause, min(max(waits, default=0.0), MAX_WAIT_SECONDS))

    def _client(self, resource: str) -> FirestoreAsyncClient:
        """The client of the running event loop; a warm function may use a new loop for each invocation."""
        loop = asyncio.get_running_loop()
        if self._api is None or self._loop is not loop:
            self._loop = loop
            transport = FirestoreGrpcAsyncIOTransport(host=self._endpoint or HOST, channel=self._channel())
            self._api = FirestoreAsyncClient(transport=transport)
        return self._api

    def _channel(self) -> Any:
        options = [
            ("grpc.primary_user_agent", self._agent),
            ("grpc.max_send_message_length", -1),
            ("grpc.max_receive_message_length", -1),
            ("grpc.keepalive_time_ms", 30_000),
            ("grpc.enable_retries", 0),  # gRPC would repeat a request on its own, deletes too
        ]
        if self._endpoint:
            no_proxy = [("grpc.enable_http_proxy", 0)]  # to the shell's proxies
            return grpc.aio.insecure_channel(self._endpoint, options=options + no_proxy)
        return grpc.aio.secure_channel(HOST, grpc.ssl_channel_credentials(), options=options)
