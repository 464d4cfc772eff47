"""Runs single requests of azure-storage-blob's client, with l3kit's own counting and retries."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

from l3kit.tiering.ports import Usage
from l3kit.tiering.retry import Passing, RetryPolicy
from l3kit.tiering.sdk_calls import Failure, Refused, SdkCalls, retry_after

T = TypeVar("T")
DENIED = frozenset({"AuthorizationPermissionMismatch", "AuthorizationFailure"})
FUNCTION_DENIED = "The identity lacks the role Storage Blob Data Contributor: run deploy_l3"
REMEDIES = {
    "AuthenticationFailed": "Log in again: the credentials are not valid for this storage account",
    "ContainerNotFound": "The container is missing: run deploy_l3",
    "BlobArchived": "The blob is archived: request a restore and wait until it is readable",
    "BlobBeingRehydrated": "Its restore is under way: wait until it is readable",
}


class BlobCalls(SdkCalls):
    """Runs the client's calls.

    Args:
        timeout: seconds for one request.
        denied: remedy for a missing permission, which depends on whose credential this is.
    """

    def __init__(
        self, usage: Usage, retry: RetryPolicy | None = None, *, timeout: float, denied: str = FUNCTION_DENIED
    ) -> None:
        super().__init__(usage, retry)
        self._timeout = timeout
        self._denied = denied

    async def run(
        self,
        kind: str,
        resource: str,
        work: Callable[[], Awaitable[T]],
        *,
        sends: int = 0,
        expected: frozenset[str] = frozenset(),
    ) -> T | Refused:
        """`settle`, within the time limit."""

        async def limited() -> T:
            async with asyncio.timeout(self._timeout):
                return await work()

        return await self.settle(kind, resource, limited, sends, expected)

    def failure(self, kind: str, resource: str, error: Exception) -> Failure | Passing:
        if isinstance(error, HttpResponseError) and error.response is not None:
            status = int(error.status_code or 0)
            found = getattr(error, "error_code", None)
            code = str(getattr(found, "value", found) or status)
            remedy = self._denied if code in DENIED else REMEDIES.get(code, "")
            return Failure(status, code, code, remedy, retry_after(error.response))
        if isinstance(error, ClientAuthenticationError):
            # A managed identity whose endpoint is down for a moment looks like one that is missing.
            cause = f"{kind} found no credentials for Azure ({type(error).__name__})"
            return Passing(cause, remedy=REMEDIES["AuthenticationFailed"])
        if isinstance(error, (AzureError, TimeoutError, OSError)):
            return Passing(f"{kind} was not answered ({type(error).__name__})")
        raise error
