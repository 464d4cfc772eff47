"""Runs single requests of Google's blocking storage client in threads, with l3kit's own counting and retries."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import requests
from google.api_core.exceptions import GoogleAPICallError
from google.auth.exceptions import GoogleAuthError, TransportError
from google.cloud.storage.exceptions import DataCorruption

from l3kit.clouds.gcp.data.credentials import may_pass, shown
from l3kit.clouds.gcp.data.remedies import FUNCTION_DENIED
from l3kit.errors import StoreError
from l3kit.tiering.ports import Usage
from l3kit.tiering.retry import Passing, RetryPolicy
from l3kit.tiering.sdk_calls import Failure, Refused, SdkCalls, retry_after

REMEDIES = {401: "The credentials are not valid or have expired: log in again"}
REPLACING = "storage.objects.delete"
"""The permission to upload onto a name that is taken.

l3kit uploads onto free names alone: a refusal for the lack of it says what a failed precondition says. Which of the two
Google tells is not documented.
"""
DELETES = frozenset({"delete", "delete_version"})
BUCKET_MISSING = "bucket does not exist"

T = TypeVar("T")


class UnexpectedStatusError(Exception):
    """A raw response with an error status."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__(str(response.status_code))
        self.response = response


class StorageCalls(SdkCalls):
    """Runs the client's calls.

    Args:
        threads: maximum concurrent calls.
        denied: remedy for a missing permission, which depends on whose credentials these are.
    """

    def __init__(
        self, usage: Usage, *, threads: int, retry: RetryPolicy | None = None, denied: str = FUNCTION_DENIED
    ) -> None:
        super().__init__(usage, retry)
        self._denied = denied
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
        """`settle`, in a thread."""

        def in_thread() -> Awaitable[T]:
            return asyncio.get_running_loop().run_in_executor(self._threads, work)

        return await self.settle(kind, resource, in_thread, sends, expected)

    def failure(self, kind: str, resource: str, error: Exception) -> Failure | Passing:
        if isinstance(error, (GoogleAPICallError, UnexpectedStatusError)):
            return self._failure(kind, error, resource)
        if isinstance(error, DataCorruption):
            return Passing(f"{kind} returned content that was corrupted in transit")
        if isinstance(error, (requests.RequestException, TransportError, ConnectionError, TimeoutError)):
            return Passing(f"{kind} was not answered ({_reason(error)})")
        if isinstance(error, GoogleAuthError):
            if may_pass(error):
                return Passing(f"{kind} could not be authenticated ({shown(error)})")
            cause = f"no credentials for Google Cloud ({shown(error)})"
            raise StoreError(resource, cause, REMEDIES[401]) from None
        raise error

    def _failure(self, kind: str, error: GoogleAPICallError | UnexpectedStatusError, resource: str) -> Failure:
        response = error.response
        status = int(getattr(response, "status_code", 0) or getattr(error, "code", 0) or 0)
        message = _message(response)
        if status == 404 and BUCKET_MISSING in message:  # unlike a missing object never what a caller expects
            raise StoreError(resource, message, "The bucket is missing: run deploy_l3") from None
        if status == 403 and REPLACING in message and kind not in DELETES:
            status = 412
        remedy = self._denied if status == 403 else REMEDIES.get(status, "")
        return Failure(status, status, message, remedy, retry_after(response))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _message(response: Any) -> str:
    """The service's message, instead of the client's, which quotes addresses; those of uploads are secret."""
    if response is None:
        return ""
    try:
        return str(response.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return str(response.text)[:200].strip()


def _reason(error: BaseException) -> str:
    """The operating system's error text, if any, since the client's message may quote an address."""
    at: BaseException | None = error
    while at is not None:
        if isinstance(at, OSError) and at.strerror:
            return at.strerror
        at = at.__cause__ or at.__context__
    return type(error).__name__
