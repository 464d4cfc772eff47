"""Runs single requests of azure-storage-blob's client, with l3kit's own counting and retries."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

from l3kit.errors import StoreError
from l3kit.tiering.ports import Usage
from l3kit.tiering.retry import Passing, RetryPolicy

T = TypeVar("T")
PASSING = frozenset({408, 429})
"""Retryable statuses other than 5xx."""
REMEDIES = {
    "AuthenticationFailed": "Log in again: the credentials are not valid for this storage account",
    "AuthorizationPermissionMismatch": "The identity lacks the role Storage Blob Data Contributor: run deploy_l3",
    "AuthorizationFailure": "The identity lacks the role Storage Blob Data Contributor: run deploy_l3",
    "ContainerNotFound": "The container is missing: run deploy_l3",
    "BlobArchived": "The blob is archived: request a restore and wait until it is readable",
    "BlobBeingRehydrated": "Its restore is under way: wait until it is readable",
}


@dataclass(frozen=True, slots=True)
class Refused:
    """An expected error: its code, or the status as text if there is none."""

    code: str


class BlobCalls:
    """Runs the client's calls. Each work function must send exactly one request: the client's retries are off."""

    def __init__(self, usage: Usage, retry: RetryPolicy | None = None, *, timeout: float) -> None:
        self.usage = usage
        self.retry = retry or RetryPolicy()
        self._timeout = timeout

    async def run(
        self,
        kind: str,
        resource: str,
        work: Callable[[], Awaitable[T]],
        *,
        sends: int = 0,
        expected: frozenset[str] = frozenset(),
    ) -> T | Refused:
        """Run a work function with retries.

        Args:
            kind: the kind under which each request is counted.
            resource: for error messages.
            sends: bytes of the request body.
            expected: error codes that are returned to the caller.
        Raises: StoreError with cause and remedy.
        """

        async def attempt() -> T | Refused | Passing:
            self.usage.count(kind)
            self.usage.bytes_out += sends
            return await self._attempt(kind, resource, work, expected)

        return await self.retry.until_settled(self.usage, kind, resource, attempt)

    async def _attempt(
        self, kind: str, resource: str, work: Callable[[], Awaitable[T]], expected: frozenset[str]
    ) -> T | Refused | Passing:
        try:
            async with asyncio.timeout(self._timeout):
                return await work()
        except HttpResponseError as error:
            return _judge(kind, resource, error, expected)
        except ClientAuthenticationError as error:
            cause = f"no credentials for Azure ({type(error).__name__})"
            raise StoreError(resource, cause, REMEDIES["AuthenticationFailed"]) from None
        except (AzureError, TimeoutError, OSError) as error:
            return Passing(f"{kind} was not answered ({type(error).__name__})")


def _judge(kind: str, resource: str, error: HttpResponseError, expected: frozenset[str]) -> Refused | Passing:
    status = int(error.status_code or 0)
    told = getattr(error, "error_code", None)
    code = str(getattr(told, "value", told) or status)
    if code in expected or str(status) in expected:
        return Refused(code)
    cause = f"{kind} returned {status} {code}"
    if status >= 500 or status in PASSING or status == 0:
        return Passing(cause, _retry_after(error))
    raise StoreError(resource, cause, REMEDIES.get(code, "")) from None


def _retry_after(error: HttpResponseError) -> float:
    headers: Any = getattr(error.response, "headers", {}) or {}
    try:
        return float(headers.get("Retry-After", 0))
    except ValueError:
        return 0.0
