"""Runs single requests of Google's blocking storage client in threads, with l3kit's own counting and retries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import requests
from google.api_core.exceptions import GoogleAPICallError
from google.auth.exceptions import GoogleAuthError, TransportError
from google.cloud.storage.exceptions import DataCorruption

from l3kit.errors import StoreError
from l3kit.tiering.ports import Usage
from l3kit.tiering.retry import Passing, RetryPolicy

PASSING = frozenset({408, 429})
"""Retryable statuses other than 5xx."""
REMEDIES = {
    401: "The credentials are not valid or have expired: log in again",
    403: "The service account lacks this permission: run deploy_l3, which repairs it",
}
BUCKET_MISSING = "bucket does not exist"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Refused:
    """An expected error status."""

    status: int


class UnexpectedStatusError(Exception):
    """A raw response with an error status."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__(str(response.status_code))
        self.response = response


class StorageCalls:
    """Runs the client's calls, at most `threads` concurrently.

    Each work function must send exactly one request: the client's retries are off.
    """

    def __init__(self, usage: Usage, *, threads: int, retry: RetryPolicy | None = None) -> None:
        self.usage = usage
        self.retry = retry or RetryPolicy()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="cloud-storage")

    async def run(
        self,
        kind: str,
        resource: str,
        work: Callable[[], T],
        *,
        sends: int = 0,
        expected: frozenset[int] = frozenset(),
    ) -> T | Refused:
        """Run a work function with retries.

        Args:
            kind: the kind under which each request is counted.
            resource: for error messages.
            sends: bytes of the request body.
            expected: statuses that are returned to the caller.
        Raises: StoreError with cause and remedy.
        """

        async def attempt() -> T | Refused | Passing:
            self.usage.count(kind)
            self.usage.bytes_out += sends
            return await self._attempt(kind, resource, work, expected)

        return await self.retry.until_settled(self.usage, kind, resource, attempt)

    async def _attempt(
        self, kind: str, resource: str, work: Callable[[], T], expected: frozenset[int]
    ) -> T | Refused | Passing:
        """Run a work function once. Raises: StoreError if a retry would not help."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except (GoogleAPICallError, UnexpectedStatusError) as error:
            return _judge(kind, resource, error.response, error, expected)
        except DataCorruption:
            return Passing(f"{kind}: the content was corrupted in transit")
        except (requests.RequestException, TransportError, ConnectionError, TimeoutError) as error:
            return Passing(f"{kind} was not answered ({_reason(error)})")
        except GoogleAuthError as error:
            raise StoreError(
                resource, f"no credentials for Google Cloud ({type(error).__name__})", REMEDIES[401]
            ) from None

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _judge(kind: str, resource: str, response: Any, error: Exception, expected: frozenset[int]) -> Refused | Passing:
    status = int(getattr(response, "status_code", 0) or getattr(error, "code", 0) or 0)
    message = _message(response)
    if status == 404 and BUCKET_MISSING in message:
        raise StoreError(resource, message, "The bucket is missing: run deploy_l3") from None
    if status in expected:
        return Refused(status)
    cause = f"{kind} returned {status} {message}".rstrip()
    if status >= 500 or status in PASSING:
        return Passing(cause, _retry_after(response))
    raise StoreError(resource, cause, REMEDIES.get(status, "")) from None


def _message(response: Any) -> str:
    """The service's message, instead of the client's, which quotes addresses; those of uploads are secret."""
    if response is None:
        return ""
    try:
        return str(response.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return str(response.text)[:200].strip()


def _retry_after(response: Any) -> float:
    try:
        return float(response.headers.get("retry-after", 0))
    except (AttributeError, ValueError):
        return 0.0


def _reason(error: BaseException) -> str:
    """The operating system's error text, if any, since the client's message may quote an address."""
    at: BaseException | None = error
    while at is not None:
        if isinstance(at, OSError) and at.strerror:
            return at.strerror
        at = at.__cause__ or at.__context__
    return type(error).__name__
