"""From a device through a Pub/Sub push subscription to a function, and into the letters bucket."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from l3kit.clouds.gcp.session import GcpSession
from l3kit.clouds.ports.message_source import Route
from l3kit.sandbox import SandboxState
from l3kit.sandbox.faults.arranged import arm
from l3kit.sandbox.gcp.account import PROJECT
from l3kit.sandbox.gcp.part import gcp_session
from l3kit.sandbox.messages.client import wait_until_delivered
from tests.integration.sandbox.messages.device import PAYLOADS, Device
from tests.support.google_clients import storage_client
from tests.support.google_functions import put_function

pytestmark = pytest.mark.sandbox
MAIN = """
import json, os

def main(request):
    with open(os.environ["OUT"], "a") as out:
        out.write(json.dumps(request.get_json()) + "\\n")
    return ("", 500) if os.path.exists(os.environ["OUT"] + ".broken") else ("", 204)
"""
Pushed = Callable[[], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("push") / "out"


@pytest.fixture(scope="module")
def google(all_clouds: SandboxState) -> GcpSession:
    return gcp_session(all_clouds)


@pytest.fixture(scope="module")
def twin() -> str:
    """The owner of the function, so that its account may push to it."""
    return f"twin-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def function(google: GcpSession, twin: str, out: Path) -> str:
    put_function(google, f"{twin}-reader", MAIN, owner=twin, settings={"OUT": str(out)})
    return f"{twin}-reader"


@pytest.fixture(scope="module")
def letters(google: GcpSession, twin: str) -> str:
    bucket = storage_client(google).bucket(google.names(twin).store("letters"))
    bucket.iam_configuration.uniform_bucket_level_access_enabled = True
    bucket.create()
    return str(bucket.name)


@pytest.fixture
def route(google: GcpSession, twin: str, function: str, letters: str, out: Path) -> Iterator[Route]:
    for file in (out, out.with_name("out.broken")):
        file.unlink(missing_ok=True)
    route = Route(twin, f"{twin}/+/telemetry", function, letters)
    google.messages.create(twin, route)
    yield route
    google.messages.delete(twin)


@pytest.fixture
def pushed(out: Path) -> Pushed:
    """`pushed()` -> the body of each request."""
    return lambda: [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


def test_every_payload_arrives_byte_by_byte(
    all_clouds: SandboxState, device: Device, twin: str, route: Route, pushed: Pushed
) -> None:
    for name, payload in PAYLOADS.items():
        device.publish(f"{twin}/{name}/telemetry", payload)
    assert wait_until_delivered(all_clouds.gateway, 60)
    bodies = pushed()
    found = {body["message"]["attributes"]["deviceId"]: base64.b64decode(body["message"]["data"]) for body in bodies}
    assert found == PAYLOADS
    assert len({body["message"]["messageId"] for body in bodies}) == len(bodies) == len(PAYLOADS)
    assert {body["subscription"] for body in bodies} == {f"projects/{PROJECT}/subscriptions/{twin}"}
    assert {body["deliveryAttempt"] for body in bodies} == {1}


@pytest.mark.slow
def test_a_message_is_pushed_five_times_and_then_lies_in_the_letters_bucket(
    all_clouds: SandboxState, google: GcpSession, device: Device, twin: str, route: Route, out: Path, pushed: Pushed
) -> None:
    out.with_name("out.broken").touch()
    device.publish(f"{twin}/d/telemetry", b"\0lost")
    assert wait_until_delivered(all_clouds.gateway, 60)
    assert [body["deliveryAttempt"] for body in pushed()] == [1, 2, 3, 4, 5]
    (letter,) = storage_client(google).list_blobs(route.letters, prefix=f"pubsub/{twin}/")
    assert letter.download_as_bytes() == b"\0lost\n"


@pytest.mark.slow
def test_a_push_whose_answer_is_lost_is_repeated(
    all_clouds: SandboxState, device: Device, twin: str, route: Route, pushed: Pushed
) -> None:
    armed = arm(all_clouds.gateway, f"source-of-{route.function}", "lose_answer", at=1)
    device.publish(f"{twin}/d/telemetry", b"1")
    assert wait_until_delivered(all_clouds.gateway, 60)
    calls, fired = armed.disarm()
    assert [body["deliveryAttempt"] for body in pushed()] == [1, 2]
    assert (len(calls), fired) == (2, 1)


@pytest.mark.slow
def test_a_message_over_the_limit_ends_its_senders_connection(
    all_clouds: SandboxState, device: Device, twin: str, route: Route, pushed: Pushed
) -> None:
    device.client.publish(f"{twin}/d/telemetry", b"x" * 10_000_001, 1)
    assert device.gone.wait(30)
    assert wait_until_delivered(all_clouds.gateway, 60)
    assert pushed() == []
