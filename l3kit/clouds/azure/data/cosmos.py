"""Calls of one Cosmos DB container through azure.cosmos.aio: sent, counted, retried, their errors made l3kit's own.

The SDK's own retries are switched off, and a request that must not be repeated is stopped before it is sent a second
time, whatever the SDK makes of the first answer.
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
"""Statuses below 500 that a later try may cure: time-out, moved partition, throttling, a concurrent write."""
REMEDIES: Mapping[int, str] = {
    401: "The key or token is not valid for this account: log in again, or run deploy_l3",
    403: "The identity lacks a data role or the account's firewall is closed to it: run deploy_l3, which repairs it",
    404: "The database or container is missing: run deploy_l3",
    413: "Cosmos DB takes 2 MB an item: split it into several",
    429: "The container is throttled: raise its throughput or run again later",
}
NO_CONTAINER = "1003"
"""Substatus of a 404 that means the container, not the item."""
STALE_LEVELS = frozenset(("Session", "ConsistentPrefix", "Eventual"))
"""Consistency levels at which a read may miss a write that was acknowledged."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a request.

    Attributes:
        status: 0 for success, else one that the caller expected.
        headers: of the last answer, names in lower case.
        operations: the status of each operation, where a batch was refused; it then did nothing.
    """

    result: Any = None
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    operations: tuple[int, ...] = ()


Send = Callable[["ContainerProxy", dict[str, Any]], Awaitable[Any]]
"""Makes one call of the SDK, passing it the given options."""


class CosmosContainer:
    """One container.

    Args:
        timeout: seconds for one try.
        connections: open at once.
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
        """Send, and repeat where that may help. Raises: StoreError with cause and remedy."""
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
        """Send, one try: the reply, or why another try may help.

        Args:
            expected: statuses that the caller wants to see; those of a refused batch's operations always are.
            once: the request must not reach the service twice.
        Raises: StoreError where no repetition would help.
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
                return Reply(status=status, headers=exchange.headers)
            return self._failed(kind, status, str(error.message), exchange.headers)
        except SecondSendError:
            return Passing(f"{kind} got an answer that the SDK would have repeated it after")
        except TimeoutError:
            return Passing(f"{kind} was not answered within {self._timeout:g} s")
        except (AzureError, OSError) as error:
            return Passing(f"{kind} failed on its way ({type(error).__name__}: {_short(str(error))})")

    async def close(self) -> None:
        """Release connections; a later call opens new ones."""
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
        cause = f"{kind} was answered {status or 'without a status'} {_short(message)}".rstrip()
        if status >= 500 or status in PASSING:
            return _passing(cause, headers, status)
        raise StoreError(self.resource, cause, REMEDIES.get(status, ""))

    async def _opened(self) -> ContainerProxy:
        """The container, its client opened in this event loop: connections of an earlier loop are gone with it."""
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
                f"its consistency level is {account.level}, at which a mover may not see what was just written",
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
