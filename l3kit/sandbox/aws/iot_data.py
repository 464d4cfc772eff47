"""AWS IoT's data plane: Publish over HTTPS, by which a function answers a device."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from urllib.parse import unquote

from aiohttp import web

from l3kit.sandbox.answers import json_answer, rest_error
from l3kit.sandbox.aws.topic_rules import MAX_PAYLOAD_BYTES
from l3kit.sandbox.messages.message import Message, RefusedMessageError
from l3kit.sandbox.messages.topics import MAX_TOPIC_BYTES
from l3kit.sandbox.upstream import BODY


class IotData:
    """The data plane.

    Args:
        take: gives a message to the topic rules and other sources. Raises: RefusedMessageError.
        publish: gives it to the broker's subscribers.
    """

    def __init__(self, take: Callable[[Message], None], publish: Callable[[str, bytes], Awaitable[None]]) -> None:
        self._take = take
        self._publish = publish

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer Publish, whose permission has been checked."""
        topic = topic_of(request.raw_path)
        if request.method != "POST" or topic is None:
            return rest_error(
                501, "NotImplementedException", "The l3kit sandbox offers Publish of IoT's data plane only"
            )
        if any(one in topic for one in "+#\0") or topic.startswith("$") or len(topic.encode()) > MAX_TOPIC_BYTES:
            return rest_error(400, "InvalidRequestException", "The topic holds a wildcard, is reserved or is too long")
        if request.query.get("qos", "0") not in ("0", "1"):
            return rest_error(400, "InvalidRequestException", "IoT Core takes QoS 0 and 1")
        payload = request[BODY] if BODY in request else await request.read()
        if len(payload) > MAX_PAYLOAD_BYTES:
            message = f"The payload has {len(payload)} bytes; {MAX_PAYLOAD_BYTES} are allowed"
            return rest_error(413, "RequestEntityTooLargeException", message)
        try:
            self._take(Message(topic, payload, "", datetime.now(UTC)))
        except RefusedMessageError as refusal:
            return rest_error(413, "RequestEntityTooLargeException", str(refusal))
        await self._publish(topic, payload)
        return json_answer({})


def topic_of(raw_path: str) -> str | None:
    """Return the topic of a request to `/topics/TOPIC`; None for any other path."""
    path = raw_path.partition("?")[0]
    return unquote(path.removeprefix("/topics/")) if path.startswith("/topics/") else None
