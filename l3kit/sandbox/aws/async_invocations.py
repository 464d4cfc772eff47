"""Asynchronous invocations: a queue for each gateway, Lambda's retries, and the record of an event that is given up."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from l3kit.sandbox.aws.function_instance import Outcome
from l3kit.sandbox.aws.function_pool import ThrottledError
from l3kit.sandbox.aws.function_record import FunctionRecord
from l3kit.sandbox.faults.messages import MessageFaults
from l3kit.sandbox.tasks import Tasks

MAX_EVENT_BYTES = 1024 * 1024
"""Maximum size of an asynchronous event (Lambda quotas)."""
RETRY_SECONDS = (1.0, 2.0)
"""Waits before the first and the second retry; Lambda waits 60 and 120 s (Lambda Developer Guide)."""
THROTTLE_SECONDS, MAX_THROTTLE_SECONDS = 0.1, 5.0
"""First and longest wait of a throttled event; Lambda's are 1 s and 5 minutes."""
CONCURRENT = 4
"""Concurrent events of one function; each takes a process, which a laptop's memory limits."""
UNANSWERED = Outcome("", b'{"errorMessage": "The sandbox lost the answer to this attempt"}', "Unhandled", b"")


@dataclass(frozen=True, slots=True)
class GivenUp:
    """An event that its function did not take.

    Attributes:
        condition: `RetriesExhausted` or `EventAgeExceeded`.
        attempts: number of times that the function ran.
        outcome: outcome of the last attempt; None if there was none.
    """

    request_id: str
    event: bytes
    condition: str
    attempts: int
    outcome: Outcome | None

    def to_json(self, function_arn: str, moment: datetime) -> bytes:
        """Return Lambda's invocation record, version 1.0 ("Capturing records of Lambda asynchronous invocations").

        The event and the answer are inserted byte for byte, so that no digit changes.
        """
        context = {
            "requestId": self.request_id,
            "functionArn": f"{function_arn}:$LATEST",
            "condition": self.condition,
            "approximateInvokeCount": self.attempts,
        }
        members = [
            b'"version": "1.0"',
            b'"timestamp": ' + json.dumps(_milliseconds(moment)).encode(),
            b'"requestContext": ' + json.dumps(context).encode(),
            b'"requestPayload": ' + self.event,
        ]
        if self.outcome is not None:
            answered = {"statusCode": 200, "executedVersion": "$LATEST", "functionError": self.outcome.error}
            members.append(b'"responseContext": ' + json.dumps(answered).encode())
            members.append(b'"responsePayload": ' + (self.outcome.payload or b"null"))
        return b"{" + b", ".join(members) + b"}"


def object_key(function: str, moment: datetime) -> str:
    """Return the key of a record in the destination bucket, as specified in the Lambda Developer Guide."""
    return f"aws/lambda/async/{function}/{moment:%Y/%m/%d}/{moment:%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"


class Destination(Protocol):
    """Destination of the records."""

    async def store(self, record: FunctionRecord, key: str, body: bytes) -> str:
        """Store a record in the function's on-failure bucket. Returns: why it was not stored, or ""."""


class AsyncInvocations:
    """The events of all functions, each a task of its own, so that none waits for another.

    Args:
        invoke: runs a function. Raises: KeyError if it does not exist; ThrottledError.
        record: returns a deployed function; None if it does not exist.
        note: writes a line into a function's log.
        now: seconds since 1970.
        retry_seconds: waits before the retries.
    """

    def __init__(
        self,
        invoke: Callable[[str, bytes, str], Awaitable[Outcome]],
        record: Callable[[str], FunctionRecord | None],
        destination: Destination,
        faults: MessageFaults,
        note: Callable[[str, str], None],
        *,
        now: Callable[[], float] = time.time,
        retry_seconds: tuple[float, float] = RETRY_SECONDS,
    ) -> None:
        self._invoke = invoke
        self._record = record
        self._destination = destination
        self._faults = faults
        self._note = note
        self._now = now
        self._retry_seconds = retry_seconds
        self._slots: dict[str, asyncio.Semaphore] = {}
        self._tasks = Tasks()

    @property
    def pending(self) -> int:
        """Number of events whose function has neither taken nor finally refused them."""
        return len(self._tasks)

    def accept(self, name: str, event: bytes) -> str:
        """Queue an event. Returns: its request id, shared by all attempts."""
        request_id = str(uuid.uuid4())
        self._tasks.begin(self._deliver(name, event, request_id))
        return request_id

    async def close(self) -> None:
        """Drop all events: the sandbox ends."""
        await self._tasks.drop()

    async def _deliver(self, name: str, event: bytes, request_id: str) -> None:
        accepted, attempts, throttled = self._now(), 0, 0
        outcome: Outcome | None = None
        while (record := self._record(name)) is not None:
            if self._now() - accepted > record.events.max_age:
                await self._give_up(record, GivenUp(request_id, event, "EventAgeExceeded", attempts, outcome))
                return
            try:
                outcome = await self._attempt(name, event, request_id)
            except KeyError:
                break
            except ThrottledError:
                await asyncio.sleep(min(THROTTLE_SECONDS * 2 ** min(throttled, 10), MAX_THROTTLE_SECONDS))
                throttled += 1
                continue
            attempts += 1
            if outcome.error is None:
                return
            if attempts > record.events.retries:
                await self._give_up(record, GivenUp(request_id, event, "RetriesExhausted", attempts, outcome))
                return
            await asyncio.sleep(self._retry_seconds[attempts - 1])
        self._note(name, f"an asynchronous event was dropped with its function (request {request_id})")

    async def _attempt(self, name: str, event: bytes, request_id: str) -> Outcome:
        async with self._slots.setdefault(name, asyncio.Semaphore(CONCURRENT)):
            what = f"lambda Event {request_id}"
            return await self._faults.deliver(name, what, lambda: self._invoke(name, event, request_id), UNANSWERED)

    async def _give_up(self, record: FunctionRecord, given_up: GivenUp) -> None:
        name, moment = record.config.name, datetime.fromtimestamp(self._now(), UTC)
        text = f"an asynchronous event was given up: {given_up.condition} (request {given_up.request_id})"
        if not record.events.on_failure:
            self._note(name, f"{text}; the function has no on-failure destination")
            return
        body = given_up.to_json(record.config.arn, moment)
        problem = await self._destination.store(record, object_key(name, moment), body)
        self._note(name, f"{text}; its record was not stored: {problem}" if problem else f"{text}; recorded")


def _milliseconds(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
