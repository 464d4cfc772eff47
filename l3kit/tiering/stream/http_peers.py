"""The twin's other functions, called over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from l3kit.errors import REPAIR, ConfigurationError
from l3kit.tiering.retry import RetryPolicy
from l3kit.tiering.stream.http_calls import Address, HttpCalls, Manners
from l3kit.tiering.transfer.connection import check_url

FUNCTIONS = Manners(
    words="error",
    # Our own functions answer 500 in words, after they have retried what can be retried; a platform has none.
    final=frozenset({500}),
    remedies={
        400: "Caller and function run different versions: run deploy_l3",
        401: REPAIR,
        403: REPAIR,
        404: REPAIR,
        413: "Send smaller messages, or fewer at once",
    },
    remedy="See the function's log",
)


def check_address(function: str, url: str) -> None:
    """Check for https, or http on loopback. Raises: ConfigurationError naming the function, never the url."""
    if "://" not in url:
        raise ConfigurationError(
            function, "its address is a name; functions on this cloud are called by url", "Name it by its url"
        )
    check_url(url, f"the url of {function}")


class HttpPeers:
    """Functions by their addresses.

    Args:
        timeout: seconds for one answer.
        forbidden: remedy if a function may not be called.
    """

    def __init__(
        self,
        addresses: Mapping[str, Address],
        *,
        timeout: float,
        retry: RetryPolicy | None = None,
        agent: str = "l3kit",
        forbidden: str = REPAIR,
    ) -> None:
        self._addresses = addresses
        manners = replace(FUNCTIONS, remedies={**FUNCTIONS.remedies, 403: forbidden})
        self._calls = HttpCalls(manners, timeout=timeout, retry=retry, agent=agent)

    async def call(self, function: str, event: bytes) -> bytes:
        address = self._addresses.get(function)
        if address is None:
            raise ConfigurationError(function, "no address is configured", "Apply the twin again")
        return await self._calls.post(function, address, event)

    async def close(self) -> None:
        await self._calls.close()
