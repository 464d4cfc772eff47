"""IoT Hub's service endpoint: cloud-to-device messages over HTTPS, by which a function answers a device."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Awaitable, Callable, Iterable
from urllib.parse import parse_qsl, unquote

from aiohttp import web

from l3kit.sandbox.aws.answers import json_answer
from l3kit.sandbox.emulator_accounts import IOT_HUB_KEY, IOT_HUB_POLICY
from l3kit.tiering.format.topics import FEEDBACK, device_topic

MAX_PAYLOAD_BYTES = 64 * 1024
"""Of a cloud-to-device message (IoT Hub quotas)."""
TWIN_PROPERTY = "iothub-app-twin"
"""Application property with the twin's name: one hub stands for those of all twins here."""
_TO = re.compile(r"/devices/(?P<device>[^/]+)/messages/devicebound")


class IotHub:
    """The service endpoint.

    Args:
        twins: names of the twins whose devices are connected to the hub.
        publish: gives a message to the broker's subscribers.
        now: seconds since 1970.
    """

    def __init__(
        self,
        twins: Callable[[], Iterable[str]],
        publish: Callable[[str, bytes], Awaitable[None]],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._twins = twins
        self._publish = publish
        self._now = now

    async def handle(self, request: web.Request) -> web.Response:
        """Answer `POST /messages/devicebound`."""
        if request.method != "POST" or request.path.rstrip("/") != "/messages/devicebound":
            return _error(404, "The l3kit sandbox offers POST /messages/devicebound of IoT Hub only")
        if not is_authorized(request.headers.get("Authorization", ""), self._now()):
            return _error(401, "Unauthorized")
        found = _TO.fullmatch(request.headers.get("iothub-to", ""))
        if found is None:
            return _error(400, "the header iothub-to must be /devices/DEVICE/messages/devicebound")
        payload = await request.read()
        if len(payload) > MAX_PAYLOAD_BYTES:
            return _error(413, f"The message has {len(payload)} bytes; {MAX_PAYLOAD_BYTES} are allowed")
        twin = request.headers.get(TWIN_PROPERTY)
        device = unquote(found["device"])
        for name in sorted(self._twins()):
            if twin in (None, name):
                await self._publish(device_topic(name, device, FEEDBACK), payload)
        return web.Response(status=204)


def is_authorized(authorization: str, now: float) -> bool:
    """Whether this is a valid shared access signature of the hub's service policy.

    It signs the quoted resource and the expiry with the policy's key ("Control access to IoT Hub using shared access
    signatures").
    """
    scheme, _, fields = authorization.partition(" ")
    if scheme != "SharedAccessSignature":
        return False
    raw = dict(pair.partition("=")[::2] for pair in fields.split("&"))
    told = dict(parse_qsl(fields))
    expiry = told.get("se", "")
    if not expiry.isdigit() or int(expiry) < now or told.get("skn") != IOT_HUB_POLICY:
        return False
    signed = f"{raw.get('sr', '')}\n{expiry}".encode()
    digest = hmac.new(base64.b64decode(IOT_HUB_KEY), signed, hashlib.sha256).digest()
    return hmac.compare_digest(base64.b64encode(digest), told.get("sig", "").encode())


def _error(status: int, text: str) -> web.Response:
    return json_answer({"Message": text}, status)
