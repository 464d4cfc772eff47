"""From a device through IoT Hub's Event Hubs endpoint to a function app, and back by the hub's service endpoint."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
import requests

from l3kit.clouds.ports.message_source import Route
from l3kit.clouds.ports.resources import AlreadyThereError
from l3kit.errors import ProvisioningError
from l3kit.sandbox import SandboxState
from l3kit.sandbox.azure.account import IOT_HUB_KEY, IOT_HUB_POLICY
from l3kit.sandbox.azure.part import functions_at
from l3kit.sandbox.faults.arranged import arm
from l3kit.sandbox.messages.client import SandboxMessageSource, wait_until_delivered
from tests.integration.sandbox.messages.device import PAYLOADS, Device
from tests.support.cloud_functions import azure_zip, definition
from tests.support.waiting import wait_until

pytestmark = pytest.mark.sandbox
APP = """
import base64, json, os
import azure.functions as func

app = func.FunctionApp()


@app.event_hub_message_trigger(
    arg_name="events", event_hub_name="hub", connection="HUB", cardinality=func.Cardinality.MANY
)
@app.retry(strategy="fixed_delay", max_retry_count="-1", delay_interval="00:00:05")
def dispatcher(events: list[func.EventHubEvent]) -> None:
    assert all(event.enqueued_time.tzinfo for event in events)
    told = [[e.iothub_metadata["connection-device-id"], base64.b64encode(e.get_body()).decode()] for e in events]
    with open(os.environ["OUT"], "a") as out:
        out.write(json.dumps(told) + "\\n")
    if os.path.exists(os.environ["OUT"] + ".broken"):
        raise ValueError("broken")
"""
Batches = Callable[[], list[list[tuple[str, bytes]]]]


@pytest.fixture(scope="module")
def source(all_clouds: SandboxState) -> SandboxMessageSource:
    return SandboxMessageSource(all_clouds.gateway, "azure")


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hub") / "out"


@pytest.fixture(scope="module")
def app(all_clouds: SandboxState, out: Path) -> str:
    code = azure_zip(APP, json.dumps({"version": "2.0", "extensions": {"eventHubs": {"maxEventBatchSize": 3}}}))
    host = functions_at(all_clouds.gateway)
    return host.put("hub-reader", definition(settings={"OUT": str(out)}), code).name


@pytest.fixture
def route(source: SandboxMessageSource, twin: str, app: str, out: Path) -> Route:
    out.unlink(missing_ok=True)
    route = Route(twin, f"{twin}/+/telemetry", app)
    source.create(twin, route)
    return route


@pytest.fixture
def batches(out: Path) -> Batches:
    """`batches()` -> device and body of each event of each call."""

    def read() -> list[list[tuple[str, bytes]]]:
        lines = out.read_text().splitlines() if out.exists() else []
        return [[(name, base64.b64decode(body)) for name, body in json.loads(line)] for line in lines]

    return read


def test_every_payload_arrives_byte_by_byte(
    all_clouds: SandboxState, device: Device, twin: str, route: Route, batches: Batches
) -> None:
    for name, payload in PAYLOADS.items():
        device.publish(f"{twin}/{quote(name)}%2F1/telemetry", payload)
    assert wait_until_delivered(all_clouds.gateway, 60)
    events = [event for batch in batches() for event in batch]
    assert dict(events) == {f"{name}/1": payload for name, payload in PAYLOADS.items()}
    assert len(events) == len(PAYLOADS)


def test_a_failed_batch_is_delivered_again_whole_before_what_came_after_it(
    all_clouds: SandboxState, device: Device, twin: str, route: Route, out: Path, batches: Batches
) -> None:
    broken = out.with_name("out.broken")
    broken.touch()
    for number in range(5):
        device.publish(f"{twin}/d/telemetry", str(number).encode())
    wait_until(lambda: len(batches()) >= 2, 60)
    broken.unlink()
    assert wait_until_delivered(all_clouds.gateway, 60)
    calls = [[int(body) for _, body in batch] for batch in batches()]
    first = calls[0]
    assert calls[1][: len(first)] == first
    taken: list[int] = []
    for call in calls:
        assert call[0] <= len(taken), "an event was passed over"
        taken += [number for number in call if number >= len(taken)]
    assert taken == [0, 1, 2, 3, 4]
    assert max(map(len, calls)) <= 3


@pytest.mark.slow
def test_a_batch_whose_answer_is_lost_is_delivered_again(
    all_clouds: SandboxState, device: Device, twin: str, route: Route, batches: Batches
) -> None:
    armed = arm(all_clouds.gateway, f"source-of-{route.function}", "lose_answer", at=1)
    device.publish(f"{twin}/d/telemetry", b"1")
    assert wait_until_delivered(all_clouds.gateway, 60)
    armed.disarm()
    assert batches() == [[("d", b"1")]] * 2


@pytest.mark.slow
def test_messages_wait_for_an_app_that_is_not_there_yet(
    all_clouds: SandboxState,
    source: SandboxMessageSource,
    device: Device,
    twin: str,
    app: str,
    batches: Batches,
    out: Path,
) -> None:
    out.unlink(missing_ok=True)
    source.create(twin, Route(twin, f"{twin}/+/telemetry", "nowhere"))
    device.publish(f"{twin}/d/telemetry", b"1")
    assert not wait_until_delivered(all_clouds.gateway, 0)
    source.update(twin, Route(twin, f"{twin}/+/telemetry", app))
    assert wait_until_delivered(all_clouds.gateway, 60)
    assert batches() == [[("d", b"1")]]


@pytest.mark.slow
def test_a_message_over_the_limit_ends_its_senders_connection(
    all_clouds: SandboxState, device: Device, twin: str, route: Route, batches: Batches
) -> None:
    device.publish(f"{twin}/d/telemetry", b"x" * 262_144)
    device.client.publish(f"{twin}/d/telemetry", b"x" * 262_145, 1)
    assert device.gone.wait(30)
    assert wait_until_delivered(all_clouds.gateway, 60)
    assert [len(body) for batch in batches() for _, body in batch] == [262_144]


def test_a_route_is_read_back_changed_and_deleted(source: SandboxMessageSource, twin: str) -> None:
    assert source.get(twin) is None
    route = Route("owner", "a/+/telemetry", "f", "")
    source.create(twin, route)
    with pytest.raises(AlreadyThereError):
        source.create(twin, route)
    changed = Route("owner", "b/#", "g", "")
    source.update(twin, changed)
    found = source.get(twin)
    assert found is not None
    assert (found.name, found.state, found.route) == (twin, "active", changed)
    with pytest.raises(ProvisioningError, match="topics: 'a\\+' is not a topic filter"):
        source.update(twin, Route("owner", "a+", "f"))
    source.delete(twin)
    source.delete(twin)
    assert source.get(twin) is None


@pytest.mark.slow
def test_an_app_whose_trigger_takes_single_events_does_not_start(all_clouds: SandboxState) -> None:
    single = APP.replace("Cardinality.MANY", "Cardinality.ONE")
    host = functions_at(all_clouds.gateway)
    with pytest.raises(ProvisioningError, match="cardinality many, not one"):
        host.put("hub-single", definition(), azure_zip(single))


def test_a_function_answers_a_device_with_the_hubs_key_only(
    all_clouds: SandboxState, device: Device, twin: str, route: Route
) -> None:
    device.subscribe(f"{twin}/a%2Fb/feedback")
    assert call_device(all_clouds, "a/b", b'{"n":  1.10}', signature(IOT_HUB_KEY)) == 200
    assert device.received.get(timeout=30) == (f"{twin}/a%2Fb/feedback", b'{"n":  1.10}')
    assert call_device(all_clouds, "a/b", b"2", signature(base64.b64encode(b"other").decode())) == 401
    assert call_device(all_clouds, "a/b", b"3", signature(IOT_HUB_KEY, expiry=1)) == 401
    assert call_device(all_clouds, "a/b", b'"%b"' % (b"x" * 131_071), signature(IOT_HUB_KEY)) == 413
    assert device.received.empty()


def signature(key: str, expiry: int = 4_000_000_000) -> str:
    resource = quote("hub.azure-devices.net", safe="")
    digest = hmac.new(base64.b64decode(key), f"{resource}\n{expiry}".encode(), hashlib.sha256).digest()
    signed = quote(base64.b64encode(digest), safe="")
    return f"SharedAccessSignature sr={resource}&sig={signed}&se={expiry}&skn={IOT_HUB_POLICY}"


def call_device(state: SandboxState, device: str, payload: bytes, authorization: str) -> int:
    body = b'{"methodName": "feedback", "responseTimeoutInSeconds": 30, "payload": %b}' % payload
    url = f"{state.endpoints['iothub']}/twins/{quote(device, safe='')}/methods?api-version=2021-04-12"
    return requests.post(url, data=body, headers={"Authorization": authorization}, timeout=30).status_code
