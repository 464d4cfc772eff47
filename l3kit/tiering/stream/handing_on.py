"""Passing messages on: to the next function on the same cloud, or to a receiver on another one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from l3kit.errors import CallError, TransferError
from l3kit.tiering.format.messages import Telemetry
from l3kit.tiering.receiver_limit import ReceiverLimit
from l3kit.tiering.stream.batches import Counts, call_of, confirmed, counts_in, cut, envelope_pieces, size_in_call
from l3kit.tiering.stream.letters import REFUSED_BY_RECEIVER, Letters
from l3kit.tiering.stream.ports import Peers

if TYPE_CHECKING:  # it loads requests, which only functions that send to another cloud need
    from l3kit.tiering.transfer.sender import Writer

MAX_SINGLED_OUT = 20
"""Maximum messages of one batch that are refused individually; beyond it, the rest of the batch is refused."""
AGAIN = "See the receiver's log; the source delivers the messages again"

log = logging.getLogger(__name__)


class Next(Protocol):
    """The next stage of the chain: another function, a receiver on another cloud, or the hot store."""

    async def take(self, items: Sequence[Telemetry]) -> Counts:
        """Take items in order, and return once each is in the hot tier or in the dead letters.

        Raises: CallError, StoreError if this is unknown for some of them; then all may be passed again.
        """


class NextFunction:
    """The next function on the same cloud.

    Args:
        source_cloud: this cloud's name.
    """

    def __init__(self, peers: Peers, function: str, source_cloud: str) -> None:
        self._peers = peers
        self._function = function
        self._source_cloud = source_cloud

    async def take(self, items: Sequence[Telemetry]) -> Counts:
        return await _every_batch(items, self._call)

    async def _call(self, batch: list[Telemetry]) -> Counts:
        answer = await self._peers.call(self._function, call_of(batch, self._source_cloud))
        return confirmed(self._function, answer, len(batch))


class NextCloud:
    """The receiver on the next cloud.

    Messages that it refuses as malformed go to the dead letters with its answer as the reason: they are normalised, so
    the two ends run different versions, and delivering them again would change nothing.

    Args:
        writer: opens a sender for one batch; its retries end with the invocation.
        limit: request limit of the receiver.
        letters: the dead letters of this cloud.
        source_cloud: this cloud's name.
    """

    def __init__(self, writer: Callable[[], Writer], limit: ReceiverLimit, letters: Letters, source_cloud: str) -> None:
        self._writer = writer
        self._limit = limit
        self._letters = letters
        self._source_cloud = source_cloud

    async def take(self, items: Sequence[Telemetry]) -> Counts:
        return await _every_batch(items, self._send)

    async def _send(self, batch: list[Telemetry]) -> Counts:
        counts, left, singled_out = Counts(), list(batch), 0
        while left:
            try:
                return counts + await self._post(left)
            except TransferError as error:
                if error.status == 413 and len(left) > 1:
                    half = len(left) // 2
                    return counts + await self._send(left[:half]) + await self._send(left[half:])
                refused = _take_out_refused(left, error, one=singled_out < MAX_SINGLED_OUT)
                cause = str(error)
            await self._letters.write([self._letters.of_item(REFUSED_BY_RECEIVER, cause, item) for item in refused])
            counts += Counts(dead=len(refused))
            singled_out += 1
        return counts

    async def _post(self, batch: Sequence[Telemetry]) -> Counts:
        writer = self._writer()
        pieces = envelope_pieces(batch, self._source_cloud)
        answer = await asyncio.to_thread(writer.post_messages, pieces, limit=self._limit)
        counts = counts_in(dict(answer), len(batch))
        if counts is None:
            cause = f"HTTP 200, but the answer does not account for the {len(batch)} messages sent"
            remedy = "Check that the url is that of l3kit's receiver; see docs/reference/messages.md"
            raise CallError(str(writer), cause, remedy)
        return counts


def _take_out_refused(left: list[Telemetry], error: TransferError, *, one: bool) -> list[Telemetry]:
    """Remove the refused messages from `left`: the one that the receiver named, or all.

    Args:
        one: whether a single message may be taken out.
    Raises: CallError if the receiver refused no message, so that a later delivery may succeed.
    """
    if error.status != 413 and (error.status != 400 or error.field is None):
        raise _failed(error) from error
    if one and error.index is not None and 0 <= error.index < len(left):
        return [left.pop(error.index)]
    refused = list(left)
    left.clear()
    return refused


def _failed(error: TransferError) -> CallError:
    again = error.status is None or error.status == 429 or error.status >= 500
    return CallError(error.resource, error.cause, AGAIN if again else error.remedy)


async def _every_batch(items: Sequence[Telemetry], send: Callable[[list[Telemetry]], Awaitable[Counts]]) -> Counts:
    """Send all batches in order, then raise the first failure: a failed batch does not stop the others.

    After a failure the source delivers everything again, so the order of an item's versions is restored.
    """
    counts = Counts()
    failure: CallError | None = None
    for batch in cut(items, size_in_call):
        try:
            counts += await send(batch)
        except CallError as error:
            log.warning("%s", error)
            failure = failure or error
    if failure is not None:
        raise failure
    return counts
