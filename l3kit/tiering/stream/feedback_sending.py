"""Feedback to a device whose layer 1 is on another cloud, by the receiver there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import orjson

from l3kit.errors import CallError, TransferError
from l3kit.tiering.receiver_limit import ReceiverLimit

if TYPE_CHECKING:  # it loads requests, which only feedback to another cloud needs
    from l3kit.tiering.transfer.sender import Writer

_REMEDIES: Mapping[int, str] = {
    400: "The two clouds run different versions of the twin: run deploy_l3 for both",
    413: "Shorten the action's payload",
    424: "See the device, and the receiver's log",
}


class RemoteFeedback:
    """The port `Feedback` over a link.

    Args:
        writer: opens a sender for one request; its retries end with the action.
        limit: request limit of the receiver.
        source_cloud: this cloud's name.
    """

    def __init__(self, writer: Callable[[], Writer], limit: ReceiverLimit, source_cloud: str) -> None:
        self._writer = writer
        self._limit = limit
        self._source_cloud = source_cloud

    async def send(self, device_id: str, payload: bytes) -> None:
        names = orjson.dumps(self._source_cloud), orjson.dumps(device_id)
        pieces = (b'{"source_cloud":%b,"iot_device_id":%b,"payload":' % names, payload, b"}")
        writer = self._writer()
        try:
            answer = await asyncio.to_thread(writer.post_messages, pieces, limit=self._limit)
        except TransferError as error:
            remedy = _REMEDIES.get(error.status or 0, error.remedy)
            raise CallError(f"feedback to {device_id} by {error.resource}", error.cause, remedy) from None
        if answer.get("sent") is not True:
            cause = "HTTP 200, but the answer does not say that the feedback was sent"
            remedy = "Check that the url is that of l3kit's receiver; see docs/reference/messages.md"
            raise CallError(f"feedback to {device_id} by {writer}", cause, remedy)

    async def close(self) -> None:
        """Do nothing: each request opens its own sender, and their session is the function's."""
