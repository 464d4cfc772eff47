"""Feedback to a device on Azure: a direct method of IoT Hub.

IoT Hub accepts a service's cloud-to-device messages over AMQP alone. Over HTTPS, a direct method
carries a payload to a connected device. It is called `feedback`; a device answers it with a status below 300.

Source: Azure IoT Hub, "Understand and invoke direct methods" and "Control access to IoT Hub by using Microsoft Entra
ID". No real service has seen these requests.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import orjson

from l3kit.clouds.azure.data.variables import HUB_HOST
from l3kit.errors import REPAIR, CallError, ConfigurationError
from l3kit.tiering.format.strict_json import NotStrictError, split_array
from l3kit.tiering.retry import RetryPolicy
from l3kit.tiering.stream.http_calls import Address, HttpCalls, Manners
from l3kit.tiering.transfer.connection import check_url

CONNECTION_VARIABLE = "IOTHUB_CONNECTION_STRING"
API_VERSION = "2021-04-12"
SCOPE = "https://iothubs.azure.net/.default"
METHOD = "feedback"
MAX_PAYLOAD_BYTES = 128 * 1024
"""Limit for a direct method's payload."""
DEVICE_SECONDS = 30
"""Seconds to wait for the device's answer, 5 to 300."""
SIGNATURE_SECONDS = 3600
IOT_HUB = Manners(
    words="Message",
    final=frozenset({504}),  # the device did not answer in time
    remedies={
        401: "Run deploy_l3, which gives the function a role on the hub",
        403: "Run deploy_l3, which gives the function a role on the hub",
        404: "The device is not known to the hub, or not connected to it",
        504: f"The device is connected, but has not answered the method {METHOD!r}",
    },
    remedy="See the hub's diagnostic log",
)

Authorize = Callable[[bool], str]
"""Blocking; returns the value of the Authorization header. Its argument says whether the previous value was refused."""


class Signatures:
    """Shared access signatures of one of the hub's policies.

    Source: "Control access to IoT Hub using shared access signatures".

    Args:
        clock: seconds since 1970.
    """

    def __init__(self, host: str, policy: str, key: bytes, clock: Callable[[], float] = time.time) -> None:
        self._host = quote(host, safe="")
        self._policy = quote(policy, safe="")
        self._key = key
        self._clock = clock

    def __call__(self, renew: bool) -> str:
        expiry = int(self._clock()) + SIGNATURE_SECONDS
        digest = hmac.digest(self._key, f"{self._host}\n{expiry}".encode(), hashlib.sha256)
        signature = quote(base64.b64encode(digest), safe="")
        return f"SharedAccessSignature sr={self._host}&sig={signature}&se={expiry}&skn={self._policy}"


class EntraTokens:
    """Tokens of the function's managed identity, which azure-identity keeps until they expire."""

    def __init__(self, credential: Any = None) -> None:
        self._credential = credential
        self._lock = threading.Lock()

    def __call__(self, renew: bool) -> str:
        from azure.core.exceptions import ClientAuthenticationError

        with self._lock:
            if self._credential is None:
                from azure.identity import DefaultAzureCredential

                self._credential = DefaultAzureCredential()
            try:
                return f"Bearer {self._credential.get_token(SCOPE).token}"
            except ClientAuthenticationError:  # its message may quote the answer of the identity endpoint
                raise CallError("IoT hub", "the function's managed identity gives no token for it", REPAIR) from None


@dataclass(frozen=True, slots=True)
class IotHubPlace:
    """Url of an IoT hub, and the authorization of requests."""

    url: str
    authorize: Authorize = field(repr=False)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> IotHubPlace:
        """Read IOTHUB_CONNECTION_STRING, as set in a sandbox, else IOTHUB_HOST_NAME with the managed identity.

        Raises: ConfigurationError naming the variable, never its value.
        """
        text = env.get(CONNECTION_VARIABLE, "").strip()
        if not text:
            host = env.get(HUB_HOST, "").strip()
            if not host:
                raise ConfigurationError(HUB_HOST, "is not set", "Apply the twin again; l3kit injects it")
            return cls(_url(host, HUB_HOST), EntraTokens())
        parts = {name: value for name, _, value in (part.partition("=") for part in text.split(";"))}
        try:
            host, policy = parts["HostName"], parts["SharedAccessKeyName"]
            key = base64.b64decode(parts["SharedAccessKey"], validate=True)
        except (KeyError, ValueError):
            raise ConfigurationError(
                CONNECTION_VARIABLE, "must have HostName, SharedAccessKeyName and SharedAccessKey"
            ) from None
        return cls(_url(host, CONNECTION_VARIABLE), Signatures(host, policy, key))


class IotHubFeedback:
    """Calls the devices of one hub."""

    def __init__(self, place: IotHubPlace, *, retry: RetryPolicy | None = None, agent: str = "l3kit") -> None:
        self._place = place
        self._calls = HttpCalls(IOT_HUB, timeout=2.0 * DEVICE_SECONDS, retry=retry, agent=agent)

    async def send(self, device_id: str, payload: bytes) -> None:
        if len(payload) > MAX_PAYLOAD_BYTES:
            cause = f"the feedback has {len(payload):,} bytes; a direct method takes {MAX_PAYLOAD_BYTES:,}"
            raise CallError(device_id, cause, "Shorten the action's payload")
        url = f"{self._place.url}/twins/{quote(device_id, safe='')}/methods?api-version={API_VERSION}"
        address = Address(url, lambda renew: {"Authorization": self._place.authorize(renew)})
        status = _status(await self._calls.post(device_id, address, _request(payload)))
        if status is None or status >= 300:
            raise CallError(device_id, f"the device answered the method {METHOD!r} with {status}", "See the device")

    async def close(self) -> None:
        await self._calls.close()


def _url(host: str, variable: str) -> str:
    """The hub's url; a sandbox's is on loopback, without TLS."""
    for url in (f"http://{host}", f"https://{host}"):
        try:
            check_url(url, variable)
        except ConfigurationError:
            continue
        return url
    raise ConfigurationError(variable, "names no host", "Apply the twin again")


def _request(payload: bytes) -> bytes:
    """The method's call; a payload that is not JSON becomes a text, since a method takes JSON only."""
    try:
        split_array(b"[%b]" % payload)  # orjson refuses numbers over a double's range
    except NotStrictError:
        payload = orjson.dumps(payload.decode("utf-8", "replace"))
    call = orjson.dumps({"methodName": METHOD, "responseTimeoutInSeconds": DEVICE_SECONDS})
    return b'%s,"payload":%s}' % (call[:-1], payload)


def _status(answer: bytes) -> int | None:
    try:
        status = orjson.loads(answer)["status"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    return status if type(status) is int else None
