"""Events of the clouds' message sources and of other functions, as the functions of the message chain get them."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, get_type_hints

import azure.functions as func
import flask
import pytest
from azure.functions.eventhub import EventHubTriggerConverter
from azure.functions.meta import Datum
from hypothesis import given
from hypothesis import strategies as st

from l3kit.clouds.aws.data import entry as aws_entry
from l3kit.clouds.aws.data.events import delivery_of, unwrapped, wrapped
from l3kit.clouds.azure.data import entry as azure_entry
from l3kit.clouds.gcp.data import entry as gcp_entry
from l3kit.errors import CallError, L3Error
from l3kit.tiering.runtime.openers import Openers
from l3kit.tiering.stream.letters import DeadLetter
from l3kit.tiering.transfer.wire import Request
from tests.support.lambda_calls import Context
from tests.support.memory_stores import MemoryHotStore, MemoryObjectStore
from tests.unit.lambda_functions.test_start_up import CLOUDS, CODE, env_of, none

MESSAGE = b'{"deviceId":"sensor-1","time":"2024-01-01T00:00:00Z","v":0.1000000000000000055511,"n":1.50}'
ITEM = b'{"iotDeviceId":"sensor-1","id":"2024-01-01T00:00:00.000Z","v":0.1000000000000000055511,"n":1.50}'
ONE = {"stored": 1, "same": 0, "superseded": 0, "dead": 0}


@dataclass
class Peers:
    """Records what other functions are called with."""

    calls: list[tuple[str, bytes]] = field(default_factory=list)
    failure: Exception | None = None

    async def call(self, function: str, event: bytes) -> bytes:
        self.calls.append((function, event))
        if self.failure:
            raise self.failure
        return json.dumps(ONE).encode()

    async def close(self) -> None: ...


@dataclass
class World:
    """The functions of one cloud on stores in memory."""

    cloud: str
    peers: Peers = field(default_factory=Peers)
    hot: MemoryHotStore = field(default_factory=MemoryHotStore)
    letters: MemoryObjectStore = field(default_factory=lambda: MemoryObjectStore("letters", "letters"))

    def build(self, function: str) -> Any:
        openers = Openers(lambda _: self.hot, none, lambda *_: self.letters, lambda _: self.peers)
        env = env_of(self.cloud, function)
        if self.cloud == "aws":
            return aws_entry.build(function, env, openers)
        build = azure_entry.build if self.cloud == "azure" else gcp_entry.build
        return build(function, CODE / self.cloud / function, env, openers)

    def call(self, function: str, event: bytes) -> Any:
        """Call a function as another one does."""
        built = self.build(function)
        if self.cloud == "aws":
            return json.loads(json.dumps(built(json.loads(wrapped(event)), Context())))
        if self.cloud == "gcp":
            return json.loads(posted(built, event).get_data())
        request = func.HttpRequest(method="POST", url="/api/run", headers={}, body=event)
        return json.loads(named(built, "http")(request, AzureContext()).get_body())

    def receive(self, *messages: bytes, device: str = "sensor-1") -> None:
        """Let the dispatcher take messages as its source delivers them. `device`: the sender, as the source tells."""
        built = self.build("dispatcher")
        if self.cloud == "azure":
            named(built, "events")(hub_events(*messages, device=device), AzureContext())
            return
        for message in messages:
            if self.cloud == "aws":
                built(json.loads(json.dumps(rule_event(message, device))), Context())
            else:
                assert posted(built, push(message, attributes={"deviceId": device})).status_code == 200


class AzureContext:
    invocation_id = "invocation-1"


def named(app: Any, name: str) -> Callable[..., Any]:
    (found,) = [f for f in app.get_functions() if f.get_function_name() == name]
    user: Callable[..., Any] = found.get_user_function()
    return user


def posted(handler: Any, body: bytes) -> flask.Response:
    with flask.Flask("test").test_request_context("/", method="POST", data=body):
        answer: flask.Response = handler(flask.request)
        return answer


def rule_event(message: bytes, device: str = "sensor-1") -> dict[str, Any]:
    topic = f"twin/{device}/telemetry"
    return {"payload": base64.b64encode(message).decode(), "topic": topic, "client": "c", "received": 1_704_067_200_123}


def push(message: bytes, **more: Any) -> bytes:
    told = {"data": base64.b64encode(message).decode(), "attributes": {"deviceId": "sensor-1"}, **more}
    return json.dumps({"message": {"messageId": "1", **told}, "subscription": "projects/p/subscriptions/s"}).encode()


def hub_events(*messages: bytes, device: str = "sensor-1") -> list[func.EventHubEvent]:
    """Events as the Functions worker makes them of what the host sends."""
    system = [{"iothub-connection-device-id": device, "EnqueuedTimeUtc": "2024-01-01T00:00:00.1Z"} for _ in messages]
    metadata = {"SystemPropertiesArray": Datum(json.dumps(system), "json")}
    bodies = Datum(SimpleNamespace(bytes=list(messages)), "collection_bytes")
    events: list[func.EventHubEvent] = EventHubTriggerConverter.decode(bodies, trigger_metadata=metadata)
    return events


@pytest.mark.parametrize("body", [b"nonsense", b"\xff", b'{"v":1}'])
@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_source_tells_the_senders_of_the_same_broken_bytes_apart(cloud: str, body: bytes) -> None:
    world = World(cloud)
    for _ in range(2):
        for device in ("sensor-1", "sensor-2"):
            world.receive(body, device=device)
    told = [DeadLetter.from_json(key, content) for key, (_, content) in world.letters.objects.items()]
    assert sorted((str(one.device), one.message) for one in told) == [("sensor-1", body), ("sensor-2", body)]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_message_of_the_source_is_handed_on_with_all_digits(cloud: str) -> None:
    world = World(cloud)
    world.receive(MESSAGE)
    ((function, event),) = world.peers.calls
    assert function == "default-processor"
    assert b'"messages":[' + ITEM + b"]" in event


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_step_gets_the_event_of_its_caller_with_all_digits(cloud: str) -> None:
    world = World(cloud)
    assert world.call("persister", b'{"messages":[' + ITEM + b'],"source_cloud":"aws"}') == ONE
    page = asyncio.run(world.hot.read_page("sensor-1", before="9"))
    assert b'"v":0.1000000000000000055511' in page.items[0]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_bare_message_and_a_list_reach_the_dispatcher_too(cloud: str) -> None:
    world = World(cloud)
    assert world.call("dispatcher", MESSAGE) == ONE
    assert world.call("dispatcher", b"[" + MESSAGE + b"]") == ONE
    assert [function for function, _ in world.peers.calls] == ["default-processor"] * 2


def test_a_lambda_called_by_hand_takes_a_plain_event() -> None:
    """As the runtime has parsed it: with whole numbers of any size."""
    world = World("aws")
    handler = world.build("dispatcher")
    assert (
        handler(json.loads(b'{"iotDeviceId":"sensor-1","id":"2024-01-01T00:00:00Z","n":%d}' % 2**70), Context()) == ONE
    )
    assert str(2**70).encode() in world.peers.calls[0][1]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_what_the_next_function_did_not_take_is_delivered_again(cloud: str) -> None:
    world = World(cloud, Peers(failure=CallError("processor", "HTTP 503", "Again")))
    if cloud == "gcp":
        answer = posted(world.build("dispatcher"), push(MESSAGE))
        assert (answer.status_code, "HTTP 503" in json.loads(answer.get_data())["error"]) == (500, True)
    else:
        with pytest.raises(L3Error):
            world.receive(MESSAGE)


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("message", [b"", b"no json", b"\xff\xfe", b"[1]", b'{"v":1}', b'{"v":NaN}', b'"\\ud800"'])
def test_a_malformed_message_of_a_device_becomes_a_dead_letter(cloud: str, message: bytes) -> None:
    world = World(cloud)
    world.receive(message)
    assert not world.peers.calls
    assert len(world.letters.objects) == 1


@pytest.mark.parametrize(
    "event",
    [
        {"payload": "no base64!", "topic": "twin/sensor-1/telemetry"},
        {"payload": 1, "topic": "t"},
        {"payload": "AA==", "topic": None},
        {"payload": "AA=="},
        {"Records": [{}]},
        {},
        None,
        "text",
        1.5,
        [None],
        {"l3kit_event": 1},
        {"l3kit_event": "no json"},
        {"l3kit_event": "\ud800"},
        {"x": float("nan")},
    ],
)
@pytest.mark.parametrize("function", ["dispatcher", "persister"])
def test_an_event_of_another_form_is_told_or_becomes_a_dead_letter(function: str, event: Any) -> None:
    world = World("aws")
    dead = 0
    with contextlib.suppress(L3Error):  # tells what is wrong with the event
        dead = world.build(function)(event, Context())["dead"]
    assert (len(world.letters.objects), world.peers.calls) == (dead, [])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"null",
        b"[]",
        b'{"message":1}',
        b'{"message":{"data":1},"subscription":"s"}',
        b'{"message":{"data":"no base64!"},"subscription":"s"}',
        b'{"message":{"attributes":1},"subscription":1}',
        b"\xff",
    ],
)
@pytest.mark.parametrize("cloud", ["azure", "gcp"])
def test_a_request_of_another_form_is_answered_in_json(cloud: str, body: bytes) -> None:
    world = World(cloud)
    told = world.call("dispatcher", body)
    assert "error" in told or told["dead"] == len(world.letters.objects)
    assert not world.peers.calls


def test_the_sender_and_the_time_of_each_source_are_kept() -> None:
    of_rule = delivery_of(rule_event(b"x"))
    assert of_rule is not None
    assert (of_rule.body, of_rule.device) == (b"x", "sensor-1")
    assert of_rule.received == datetime(2024, 1, 1, 0, 0, 0, 123_000, UTC)
    of_hub = azure_entry.delivery_of(hub_events(b"x")[0])
    assert (of_hub.body, of_hub.device) == (b"x", "sensor-1")
    assert of_hub.received == datetime(2024, 1, 1, 0, 0, 0, 100_000, UTC)
    of_push = gcp_entry.pushed(Request({}, push(b"x", publishTime="2024-01-01T00:00:00.123456789Z")))
    assert of_push is not None
    assert (of_push.body, of_push.device) == (b"x", "sensor-1")
    assert of_push.received == datetime(2024, 1, 1, 0, 0, 0, 123_456, UTC)


@pytest.mark.parametrize("received", [None, "soon", True, 10**30, float("nan"), float("inf"), -(10**18)])
def test_a_time_that_is_none_is_left_out(received: Any) -> None:
    found = delivery_of({**rule_event(b"x"), "received": received})
    assert found is not None
    assert found.received is None
    pushed = gcp_entry.pushed(Request({}, push(b"x", publishTime=str(received))))
    assert pushed is not None
    assert pushed.received is None


@given(st.binary(max_size=40).filter(lambda b: b.decode("utf-8", "ignore").encode() == b))
def test_an_event_between_two_lambdas_arrives_to_the_byte(event: bytes) -> None:
    """Whatever the runtime, which reads the event with `json.loads`, would make of its numbers."""
    assert unwrapped(json.loads(wrapped(event))) == event


def test_a_function_on_aws_that_calls_lambdas_alone_loads_no_http_library() -> None:
    code = """
import asyncio, sys
from l3kit.clouds.aws.data.events import delivery_of, wrapped
from l3kit.clouds.aws.data.peers import LambdaPeers
from l3kit.tiering.runtime.chain import Chain
from l3kit.tiering.stream.dispatcher import Dispatcher
from l3kit.tiering.stream.hot_writing import HotWriting
from l3kit.tiering.stream.persister import Persister
print([name for name in ("requests", "aiohttp", "boto3", "urllib3") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_azures_source_reads_bytes_in_batches_and_retries_without_end() -> None:
    app = World("azure").build("dispatcher")
    (found,) = [f for f in app.get_functions() if f.get_function_name() == "events"]
    trigger = found.get_trigger().get_dict_repr()
    plain: Mapping[str, Any] = json.loads(json.dumps(trigger, default=lambda value: value.name))
    assert (plain["dataType"], plain["cardinality"]) == ("BINARY", "MANY")
    assert (plain["connection"], plain["eventHubName"]) == ("IOTHUB_EVENTS_CONNECTION_STRING", "%IOTHUB_EVENTS_NAME%")
    assert found.get_settings_dict("retry_policy")["max_retry_count"] == "-1"
    annotation = get_type_hints(found.get_user_function())["events"]
    assert EventHubTriggerConverter.check_input_type_annotation(annotation)
