"""IoT Hub's service endpoint: direct methods, by which a function answers a device."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Awaitable, Callable, Collection
from urllib.parse import parse_qsl, unquote

import orjson
from aiohttp import web

from l3kit.sandbox.answers import json_answer
from l3kit.sandbox.azure.account import IOT_HUB_KEY, IOT_HUB_POLICY
from l3kit.sandbox.faults.services import agent_caller
from l3kit.tiering.format.strict_json import members
from l3kit.tiering.format.topics import FEEDBACK, device_topic

MAX_PAYLOAD_BYTES = 128 * 1024
"""Maximum size of a direct method's payload ("Understand and invoke direct methods from IoT Hub")."""
METHOD_SECONDS = range(5, 301)
_PATH = re.compile(r"/twins/(?P<device>[^/]+)/methods/?")
_NAME = re.compile(r"[A-Za-z0-9_.$-]{1,128}")


class IotHub:
    """The service endpoint of one hub that represents those of all twins.

    Args:
        twins: names of the twins whose devices are connected to the hub.
        publish: gives a message to the broker's subscribers.
        now: seconds since 1970.
    """

    def __init__(
        self,
        twins: Callable[[], Collection[str]],
        publish: Callable[[str, bytes], Awaitable[None]],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._twins = twins
        self._publish = publish
        self._now = now

    async def handle(self, request: web.Request) -> web.Response:
        """Answer `POST /twins/DEVICE/methods` for the device, which gets the payload at its feedback topic."""
        found = _PATH.fullmatch(request.raw_path.partition("?")[0])
        if request.method != "POST" or found is None:
            return _error(404, "The l3kit sandbox offers POST /twins/DEVICE/methods of IoT Hub only")
        if not is_authorized(request.headers.get("Authorization", ""), self._now()):
            return _error(401, "Unauthorized")
        try:
            payload = method_payload(await request.read())
        except ValueError as error:
            return _error(400, str(error))
        if len(payload) > MAX_PAYLOAD_BYTES:
            return _error(413, f"The payload has {len(payload)} bytes; {MAX_PAYLOAD_BYTES} are allowed")
        caller = agent_caller(request.headers.get("User-Agent", ""))
        for twin in twins_of(caller, self._twins()):
            await self._publish(device_topic(twin, unquote(found["device"]), FEEDBACK), payload)
        return json_answer({"status": 200, "payload": None})


def method_payload(body: bytes) -> bytes:
    """Return the payload of a method's call, byte for byte. Raises: ValueError naming the field."""
    parts = members(body)
    name = orjson.loads(parts.get("methodName", b"null"))
    seconds = orjson.loads(parts.get("responseTimeoutInSeconds", b"30"))
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError("methodName must be 1 to 128 letters, digits and - _ . $")
    if type(seconds) is not int or seconds not in METHOD_SECONDS:
        raise ValueError("responseTimeoutInSeconds must be 5 to 300")
    return parts.get("payload", b"null")


def twins_of(caller: str, twins: Collection[str]) -> list[str]:
    """Return the twin that a calling function belongs to by its name; all twins if the name does not show it."""
    own = [twin for twin in twins if caller.startswith(f"{twin}-")]
    return [max(own, key=len)] if own else sorted(twins)


def is_authorized(authorization: str, now: float) -> bool:
    """Return whether this is a valid shared access signature of the hub's service policy.

    It signs the quoted resource and the expiry with the policy's key ("Control access to IoT Hub using shared access
    signatures").
    """
    scheme, _, fields = authorization.partition(" ")
    if scheme != "SharedAccessSignature":
        return False
    raw = dict(pair.partition("=")[::2] for pair in fields.split("&"))
    claims = dict(parse_qsl(fields))
    expiry = claims.get("se", "")
    if not expiry.isdigit() or int(expiry) < now or claims.get("skn") != IOT_HUB_POLICY:
        return False
    signed = f"{raw.get('sr', '')}\n{expiry}".encode()
    digest = hmac.new(base64.b64decode(IOT_HUB_KEY), signed, hashlib.sha256).digest()
    return hmac.compare_digest(base64.b64encode(digest), claims.get("sig", "").encode())


def _error(status: int, text: str) -> web.Response:
    return json_answer({"Message": text}, status)
