"""Direct methods of IoT Hub: what is sent, as whom, and what is told of a device that cannot be reached."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, quote_plus

import pytest
from azure.core.exceptions import ClientAuthenticationError

from l3kit.clouds.azure.data.feedback import (
    MAX_PAYLOAD_BYTES,
    SCOPE,
    EntraTokens,
    IotHubFeedback,
    IotHubPlace,
    Signatures,
)
from l3kit.errors import CallError, ConfigurationError
from l3kit.tiering.transfer.wire import Response
from tests.support.peer_calls import at_once
from tests.support.wire_server import Server, serving

KEY = base64.b64encode(b"a key of the policy service").decode()
OK = Response(200, {"status": 200, "payload": None})


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as found:
        yield found


def send(
    server: Server, payload: bytes = b'{"v":1.50}', device: str = "sensor-1", place: IotHubPlace | None = None
) -> None:
    host = server.url.removeprefix("http://").rstrip("/")
    text = f"HostName={host};SharedAccessKeyName=service;SharedAccessKey={KEY}"

    async def steps() -> None:
        feedback = IotHubFeedback(place or IotHubPlace.from_env({"IOTHUB_CONNECTION_STRING": text}), retry=at_once())
        await feedback.send(device, payload)
        await feedback.close()

    asyncio.run(steps())


def test_the_method_gets_the_payload_to_the_byte(server: Server) -> None:
    server.script(OK)
    send(server)
    (seen,) = server.seen
    assert seen.body == b'{"methodName":"feedback","responseTimeoutInSeconds":30,"payload":{"v":1.50}}'
    assert seen.headers["Authorization"].startswith("SharedAccessSignature sr=127.0.0.1%3A")


@pytest.mark.parametrize("payload", [b'{"v":1E+400}', b"1.50", b'["a"]'])
def test_any_json_stays_what_it_is(server: Server, payload: bytes) -> None:
    server.script(OK)
    send(server, payload=payload)
    assert server.seen[0].body.endswith(b'"payload":%b}' % payload)


def test_a_payload_that_is_no_json_becomes_a_text(server: Server) -> None:
    server.script(OK)
    send(server, payload=b"turn \xff on")
    assert json.loads(server.seen[0].body)["payload"] == "turn \ufffd on"


def test_the_signature_is_the_one_of_microsofts_documentation() -> None:
    """Its Python example: quote_plus of the resource, a line break, the expiry."""
    key = b"a key"
    made = Signatures("hub.azure-devices.net", "service", key, lambda: 1_000.0)(False)
    fields = parse_qs(made.removeprefix("SharedAccessSignature "))
    text = f"{quote_plus('hub.azure-devices.net')}\n4600"
    wanted = base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()
    assert fields == {"sr": ["hub.azure-devices.net"], "sig": [wanted], "se": ["4600"], "skn": ["service"]}


def test_without_a_connection_string_the_managed_identity_signs_in() -> None:
    asked: list[str] = []

    class Credential:
        def get_token(self, scope: str) -> Any:
            asked.append(scope)
            return SimpleNamespace(token="entra-token")

    assert EntraTokens(Credential())(False) == "Bearer entra-token"
    assert asked == [SCOPE]
    place = IotHubPlace.from_env({"IOTHUB_HOST_NAME": "hub.azure-devices.net"})
    assert place.url == "https://hub.azure-devices.net"


def test_a_managed_identity_without_a_token_tells_nothing_of_the_answer() -> None:
    class Credential:
        def get_token(self, scope: str) -> Any:
            raise ClientAuthenticationError("the endpoint said: top secret")

    with pytest.raises(CallError, match="managed identity gives no token") as told:
        EntraTokens(Credential())(False)
    assert "top secret" not in str(told.value)


def test_a_device_that_is_not_connected_or_refuses_is_told(server: Server) -> None:
    server.script(Response(404, {"Message": "ErrorCode:DeviceNotOnline;Timed out waiting for device to connect."}))
    with pytest.raises(CallError, match=r"sensor-1: HTTP 404: ErrorCode:DeviceNotOnline.*not connected"):
        send(server)
    for answer in ({"status": 501}, {"status": "200"}, {}):
        server.script(Response(200, answer))
        with pytest.raises(CallError, match="the device answered the method 'feedback' with"):
            send(server)


def test_a_device_that_does_not_answer_is_not_called_again_and_a_busy_hub_is(server: Server) -> None:
    server.script(Response(504, {"Message": "ErrorCode:GatewayTimeout"}))
    with pytest.raises(CallError, match="has not answered the method"):
        send(server)
    assert len(server.seen) == 1
    server.script(Response(429, {"Message": "ErrorCode:ThrottlingException"}), Response(503, {"Message": "busy"}), OK)
    send(server)
    assert len(server.seen) == 4


def test_a_payload_above_the_limit_is_not_sent(server: Server) -> None:
    with pytest.raises(CallError, match=r"131,073 bytes; a direct method takes 131,072"):
        send(server, payload=bytes(MAX_PAYLOAD_BYTES + 1))
    assert not server.seen


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("IOTHUB_CONNECTION_STRING", f"HostName=h;SharedAccessKey={KEY}"),
        ("IOTHUB_CONNECTION_STRING", "HostName=h;SharedAccessKeyName=n;SharedAccessKey=secret-no-base64!"),
        ("IOTHUB_CONNECTION_STRING", f"HostName=;SharedAccessKeyName=n;SharedAccessKey={KEY}"),
        ("IOTHUB_HOST_NAME", ""),
        ("IOTHUB_HOST_NAME", "user@host"),
    ],
)
def test_a_wrong_setting_is_named_without_its_value(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name) as told:
        IotHubPlace.from_env({name: value})
    assert "secret" not in str(told.value)
    assert KEY not in str(told.value)
