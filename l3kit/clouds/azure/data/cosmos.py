"""Calls to one Cosmos DB container through azure.cosmos.aio, with counting, retries and errors of l3kit.

The SDK's retries are switched off, and a request that must not be repeated is aborted before it is sent a second time,
however the SDK handles the first response.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from l3kit.clouds.azure.data.cosmos_place import CosmosPlace
from l3kit.clouds.azure.data.cosmos_traffic import AccountRequests, Direction, Exchange, SecondSendError
from l3kit.errors import StoreError
from l3kit.tiering.ports import Usage
from l3kit.tiering.retry import LATER, Passing

if TYPE_CHECKING:
    from azure.cosmos.aio import ContainerProxy

PASSING = frozenset((408, 410, 424, 429, 449))
"""Retryable statuses below 500: time-out, moved partition, throttling, a concurrent write."""
REMEDIES: Mapping[int, str] = {
    401: "The key or token is not valid for this account: log in again, or run deploy_l3",
    413: "Split the item into several: Cosmos DB allows 2 MB per item",
    429: "The container is throttled: raise its throughput or try again later",
}
NO_CONTAINER = "1003"
"""Substatus of a 404 for a missing container instead of a missing item."""
STALE_LEVELS = frozenset(("Session", "ConsistentPrefix", "Eventual"))
"""Consistency levels at which a read may miss an acknowledged write."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The outcome of a request.

    Attributes:
        status: 0 for success, else an expected status.
        headers: headers of the last response, names in lower case.
        message: the service's message for an expected status, unless a batch was refused for one operation.
        operations: the status of each operation of a refused batch, which then had no effect.
    """

    result: Any = None
    status: int = 0
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    operations: tuple[int, ...] = ()


Send = Callable[["ContainerProxy", dict[str, Any]], Awaitable[Any]]
"""A function that makes one SDK call with the given options."""


class CosmosContainer:
    """One container.

    Args:
        timeout: seconds per try.
        connections: maximum open connections.
    """

    def __init__(self, place: CosmosPlace, name: str, usage: Usage, *, timeout: float, connections: int) -> None:
        self._place = place
        self._timeout = timeout
        self._connections = connections
        self._loop: asyncio.AbstractEventLoop | None = None
        self._opening: asyncio.Task[ContainerProxy] | None = None
        self._closing: list[Callable[[], Awaitable[Any]]] = []
        self._name = name
        self.usage = usage
        self.retry = place.retry
        self.resource = f"container {place.database}/{name}"

    async def call(
        self, kind: str, direction: Direction, send: Send, *, expected: frozenset[int] = frozenset()
    ) -> Reply:
        """Send with retries. Raises: StoreError with cause and remedy."""
        return await self.retry.until_settled(
            self.usage, kind, self.resource, lambda: self.attempt(kind, direction, send, expected=expected)
        )

    async def attempt(
        self,
        kind: str,
        direction: Direction,
        send: Send,
        *,
        expected: frozenset[int] = frozenset(),
        once: bool = False,
    ) -> Reply | Passing:
        """Send once; return the reply or a transient failure.

        Args:
            expected: statuses that are returned to the caller; those of a refused batch's operations always are.
            once: never send the request a second time.
        Raises: StoreError if a retry would not help.
        """
        from azure.core.exceptions import AzureError, HttpResponseError
        from azure.cosmos.exceptions import CosmosBatchOperationError

        exchange = Exchange(self.usage, kind, direction, once)
        try:
            async with asyncio.timeout(self._timeout):
                container = await self._opened()
                result = await send(container, exchange.options())
            return Reply(result, headers=exchange.headers)
        except CosmosBatchOperationError as error:
            return self._refused_batch(kind, error, exchange.headers)
        except HttpResponseError as error:
            status = error.status_code or 0
            if status in expected and exchange.sent and exchange.headers.get("x-ms-substatus") != NO_CONTAINER:
                return Reply(status=status, message=_short(str(error.message)), headers=exchange.headers)
            return self._failed(kind, status, str(error.message), exchange.headers)
        except SecondSendError:
            return Passing(f"{kind} got a response after which the SDK would have sent it again")
        except TimeoutError:
            return Passing(f"{kind} got no response within {self._timeout:g} s")
        except (AzureError, OSError) as error:
            return Passing(f"{kind} failed in transit ({type(error).__name__}: {_short(str(error))})")

    async def close(self) -> None:
        """Close connections; a later call opens new ones."""
        if self._loop is asyncio.get_running_loop():
            if self._opening is not None:
                self._opening.cancel()
            await self._release()
        self._loop, self._opening, self._closing = None, None, []

    def _refused_batch(self, kind: str, error: Any, headers: Mapping[str, str]) -> Reply | Passing:
        statuses = tuple(int(one["statusCode"]) for one in error.operation_responses or ())
        cause = next((status for status in statuses if status >= 400 and status != 424), 0)
        if cause in PASSING or cause >= 500 or cause == 0:
            return _passing(f"{kind} was refused with {cause}", headers, cause)
        return Reply(status=cause, headers=headers, operations=statuses)

    def _failed(self, kind: str, status: int, message: str, headers: Mapping[str, str]) -> Passing:
        cause = f"{kind} returned {status or 'no status'} {_short(message)}".rstrip()
        if status >= 500 or status in PASSING:
            return _passing(cause, headers, status)
        of_place = {403: self._place.denied, 404: self._place.missing}
        remedy = of_place.get(status) or REMEDIES.get(status, "")
        raise StoreError(self.resource, cause, remedy)

    async def _opened(self) -> ContainerProxy:
        """The container, with a client of the running event loop, since connections belong to a loop."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._opening, self._closing = loop, None, []
        failed = (
            self._opening is not None
            and self._opening.done()
            and (self._opening.cancelled() or self._opening.exception() is not None)
        )
        if self._opening is None or failed:
            self._opening = loop.create_task(self._open())
        return await asyncio.shield(self._opening)

    async def _open(self) -> ContainerProxy:
        try:
            return await self._connect()
        except BaseException:
            await self._release()
            raise

    async def _release(self) -> None:
        closing, self._closing = self._closing, []
        for close in closing:
            await close()

    async def _connect(self) -> ContainerProxy:
        import aiohttp
        from azure.core.pipeline.transport import AioHttpTransport
        from azure.cosmos._retry_options import RetryOptions
        from azure.cosmos.aio import CosmosClient
        from azure.cosmos.documents import ConnectionPolicy

        policy = ConnectionPolicy()
        policy.RetryOptions = RetryOptions(max_retry_attempt_count=0)
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections),
            trust_env=not self._place.is_loopback,
            auto_decompress=False,
        )
        self._closing.append(session.close)
        account = AccountRequests(self.usage)
        client = CosmosClient(
            self._place.endpoint,
            self._credential(),
            connection_policy=policy,
            retry_total=0,
            enable_endpoint_discovery=not self._place.is_loopback,
            enable_compact_utf8_item_writes=True,
            read_timeout=self._timeout,
            connection_timeout=self._timeout,
            transport=AioHttpTransport(session=session, session_owner=False),
            user_agent_suffix=self._place.agent,
            raw_request_hook=account.on_request,
            raw_response_hook=account.on_response,
        )
        self._closing.insert(0, client.close)
        await client.__aenter__()
        if account.level in STALE_LEVELS:
            raise StoreError(
                f"Cosmos DB account {urlsplit(self._place.endpoint).hostname}",
                f"its consistency level is {account.level}, at which a mover may read stale data",
                "Set it to Strong: az cosmosdb update --default-consistency-level Strong",
            )
        return client.get_database_client(self._place.database).get_container_client(self._name)

    def _credential(self) -> Any:
        if self._place.credential is not None:
            return self._place.credential
        from azure.identity.aio import DefaultAzureCredential

        credential = DefaultAzureCredential()
        self._closing.append(credential.close)
        return credential


def _passing(cause: str, headers: Mapping[str, str], status: int) -> Passing:
    try:
        asked = float(headers.get("x-ms-retry-after-ms", 0)) / 1000
    except ValueError:
        asked = 0.0
    return Passing(cause, asked, REMEDIES.get(status, LATER))


def _short(message: str) -> str:
    return " ".join(message.split())[:200]
