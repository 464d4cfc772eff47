"""Calls of a vendor's client library, counted, judged and retried in one place: the library's own retries are off."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from l3kit.errors import StoreError
from l3kit.tiering.ports import Usage
from l3kit.tiering.retry import Passing, RetryPolicy

T = TypeVar("T")
PASSING = frozenset({408, 429})
"""Retryable statuses other than 5xx."""


@dataclass(frozen=True, slots=True)
class Refused:
    """An expected error, by its code or status."""

    code: Any


@dataclass(frozen=True, slots=True)
class Failure:
    """An error response.

    Attributes:
        status: HTTP status; 0 if there is none.
        code: its name for callers: the service's error code, or the status.
        message: the service's own error message.
        remedy: empty if nothing is known.
        asked: seconds to wait, if named by the service.
    """

    status: int
    code: Any
    message: str
    remedy: str = ""
    asked: float = 0.0


class SdkCalls(ABC):
    """Runs the calls of one client. Each work function must send exactly one request."""

    def __init__(self, usage: Usage, retry: RetryPolicy | None = None) -> None:
        self.usage = usage
        self.retry = retry or RetryPolicy()

    @abstractmethod
    def failure(self, kind: str, resource: str, error: Exception) -> Failure | Passing:
        """Return the error response; Passing if there was none. Raises: StoreError if a retry would not help."""

    async def settle(
        self,
        kind: str,
        resource: str,
        work: Callable[[], Awaitable[T]],
        sends: int = 0,
        expected: frozenset[Any] = frozenset(),
    ) -> T | Refused:
        """Run a work function with retries.

        Args:
            kind: the kind under which each request is counted.
            resource: for error messages.
            sends: bytes of the request body.
            expected: codes and statuses that are returned to the caller.
        Raises: StoreError with cause and remedy.
        """

        async def attempt() -> T | Refused | Passing:
            self.usage.count(kind)
            self.usage.bytes_out += sends
            try:
                return await work()
            except Exception as error:
                failure = self.failure(kind, resource, error)
            if isinstance(failure, Passing):
                return failure
            return self._judge(kind, resource, failure, expected)

        return await self.retry.until_settled(self.usage, kind, resource, attempt)

    def _judge(self, kind: str, resource: str, failure: Failure, expected: frozenset[Any]) -> Refused | Passing:
        if {failure.code, failure.status, str(failure.status)} & expected:
            return Refused(failure.code)
        cause = f"{kind} returned {failure.status} {failure.message}".rstrip()
        if failure.status >= 500 or failure.status in PASSING or not failure.status:
            return Passing(cause, failure.asked)
        raise StoreError(resource, cause, failure.remedy)


def retry_after(response: Any) -> float:
    """Return the seconds that a response's Retry-After names; 0 if it names none."""
    try:
        return float(response.headers.get("Retry-After", 0))
    except (AttributeError, ValueError):
        return 0.0
