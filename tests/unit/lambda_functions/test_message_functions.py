"""The seed's tests of the functions between a device and the hot tier, and its audit of variables for all of them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from l3kit.clouds.aws.data.entry import build
from l3kit.errors import ConfigurationError, MissingConnectionError
from l3kit.providers import provider
from l3kit.tiering.runtime.functions import Function
from l3kit.tiering.runtime.openers import Openers
from l3kit.tiering.settings.function_table import FUNCTIONS
from l3kit.tiering.settings.loading import load_settings
from l3kit.tiering.stream.letters import DeadLetter
from l3kit.tiering.transfer.wire import Request
from tests.support.chain import info_of, reading
from tests.support.lambda_calls import environment
from tests.support.memory_stores import MemoryHotStore, MemoryObjectStore
from tests.support.wire_server import TOKEN

CLOUDS = ("aws", "azure", "gcp")
RECEIVERS = [name for name, spec in FUNCTIONS.items() if spec.role == "writer"]


def start(function: str, **changes: str | None) -> Any:
    """Build the handler as at a cold start; nothing may be opened."""

    def none(*args: Any) -> Any:
        raise AssertionError("something was opened at start-up")

    return build(function, environment(**changes), Openers(none, none, none, none, none))


def crashes(function: str) -> None:
    with pytest.raises(RuntimeError, match="DIGITAL_TWIN_INFO") as raised:
        start(function, DIGITAL_TWIN_INFO=None)
    assert not isinstance(raised.value, TypeError)


def test_dispatcher_missing_digital_twin_crashes() -> None:
    crashes("dispatcher")


def test_event_checker_missing_digital_twin_crashes() -> None:
    crashes("event-checker")


@pytest.mark.parametrize("value", ["{}", "", " ", "null", '{"config": {}}'])
def test_persister_empty_digital_twin_fails(value: str) -> None:
    with pytest.raises(ConfigurationError, match="DIGITAL_TWIN_INFO"):
        start("persister", DIGITAL_TWIN_INFO=value)


@pytest.mark.parametrize("value", ["{}", "", " ", "null", '{"config": {}}'])
def test_ingestion_empty_digital_twin_fails(value: str) -> None:
    with pytest.raises(ConfigurationError, match="DIGITAL_TWIN_INFO"):
        start("ingestion", DIGITAL_TWIN_INFO=value)


@pytest.mark.parametrize("value", [None, "", "  "])
def test_writer_missing_dynamodb_table_raises(value: str | None) -> None:
    with pytest.raises(RuntimeError, match="DYNAMODB_TABLE_NAME"):
        start("writer", DYNAMODB_TABLE_NAME=value)


@pytest.mark.parametrize("value", [None, "{}"])
@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("cloud", CLOUDS)
def test_no_function_of_any_cloud_starts_without_its_twin(cloud: str, function: str, value: str | None) -> None:
    """The audit's patterns A and B: `json.loads(None)`, and an empty object instead of a failure."""
    env = {"INTER_CLOUD_TOKEN": TOKEN} | ({} if value is None else {"DIGITAL_TWIN_INFO": value})
    with pytest.raises(ConfigurationError, match="DIGITAL_TWIN_INFO"):
        load_settings(function, env, cloud=provider(cloud).variables)


def env_of(function: str, cloud: str, **changes: str | None) -> dict[str, str]:
    """Every variable that any function of the cloud has."""
    variables = provider(cloud).variables
    names = {*variables.stores.values(), *variables.mover, *variables.chain, *variables.peers.values()}
    names |= {name for single in variables.single.values() for name in single}
    names |= {name for places in variables.places.values() for name in places}
    other = next(name for name in CLOUDS if name != cloud)
    info = info_of(cloud, other if function == "connector" else cloud, cloud, [{"condition": "x"}])
    urls = {f"REMOTE_{name}_URL": "" for name in ("WRITER", "COLD_WRITER", "ARCHIVE_WRITER")}
    env: dict[str, str | None] = {
        **{name: "900" if "SECONDS" in name else name.lower() for name in names},
        **urls,
        "REMOTE_INGESTION_URL": "https://ingestion.example",
        "INTER_CLOUD_TOKEN": TOKEN,
        "DIGITAL_TWIN_INFO": json.dumps(info),
        **changes,
    }
    return {name: value for name, value in env.items() if value is not None}


@pytest.mark.parametrize("blank", [None, "  "])
@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_function_names_each_store_and_each_function_that_it_was_not_told(
    cloud: str, function: str, blank: str | None
) -> None:
    """The audit's patterns C and D: a variable that is None until something fails with it."""
    variables, spec = provider(cloud).variables, FUNCTIONS[function]
    settings = load_settings(function, env_of(function, cloud), cloud=variables)
    stores = [*spec.stores, *([spec.target] if spec.target else [])]
    needed = [variables.stores[store] for store in stores] + [variables.peers[peer] for peer in settings.peers]
    assert needed or function == "feedback-receiver"
    for name in needed:
        with pytest.raises(ConfigurationError, match=f"{name}: {function} requires"):
            load_settings(function, env_of(function, cloud, **{name: blank}), cloud=variables)


FEEDBACK = {"condition": "x", "action": {"type": "function", "feedback": {"type": "mqtt", "payload": 1}}}
CALL = {"condition": "x", "action": {"type": "function"}}


@pytest.mark.parametrize("event", [FEEDBACK, {"condition": "x", "action": {"type": "feedback", "payload": 1}}])
@pytest.mark.parametrize("cloud", CLOUDS)
def test_an_event_checker_needs_the_receiver_of_another_cloud_for_feedback_alone(
    cloud: str, event: dict[str, Any]
) -> None:
    def load(l1: str, entry: dict[str, Any], url: str = "", token: str = TOKEN) -> Any:
        info = json.dumps(info_of(l1, cloud, cloud, [entry]))
        told = {"DIGITAL_TWIN_INFO": info, "REMOTE_FEEDBACK_URL": url, "INTER_CLOUD_TOKEN": token}
        return load_settings("event-checker", env_of("event-checker", cloud, **told), cloud=provider(cloud).variables)

    other = next(name for name in CLOUDS if name != cloud)
    with pytest.raises(MissingConnectionError, match="REMOTE_FEEDBACK_URL"):
        load(other, event)
    with pytest.raises(MissingConnectionError, match="INTER_CLOUD_TOKEN"):
        load(other, event, "https://feedback.example", "")
    assert load(other, event, "https://feedback.example").remote_url == "https://feedback.example"
    assert load(other, CALL).remote_url is None
    assert load(cloud, event).remote_url is None


class Received:
    """A receiver on stores in memory."""

    def __init__(self, function: str, **changes: str | None) -> None:
        self.hot = MemoryHotStore()
        self.letters = MemoryObjectStore("letters")
        settings = load_settings(function, env_of(function, "aws", **changes), cloud=provider("aws").variables)
        nothing: Any = None
        openers = Openers(lambda _: self.hot, lambda _: nothing, lambda *_: self.letters, lambda _: nothing)
        self.function = Function(settings, openers)

    def post(self, body: Any, token: str | None = TOKEN) -> tuple[int, Any]:
        headers = {} if token is None else {"X-Inter-Cloud-Token": token}
        response = asyncio.run(self.function.write(Request(headers, json.dumps(body).encode())))
        return response.status, dict(response.body)


@pytest.mark.parametrize("configured", [None, "", "  "])
@pytest.mark.parametrize("given", [None, "", TOKEN])
@pytest.mark.parametrize("function", ["ingestion", "writer"])
def test_a_receiver_without_token_rejects_all(function: str, given: str | None, configured: str | None) -> None:
    received = Received(function, INTER_CLOUD_TOKEN=configured)
    assert received.post({"payload": json.loads(reading(1))}, given)[0] == 403
    assert not received.hot.devices


def test_hot_writer_duplicate_put_overwrites() -> None:
    """The seed's rule; the version that is replaced is kept among the dead letters."""
    received = Received("writer")
    first, second = json.loads(reading(1, v=1)), json.loads(reading(1, v=2))
    expected = {"stored": 0, "same": 0, "superseded": 0, "dead": 0}
    assert received.post({"source_cloud": "gcp", "payload": first}) == (200, {**expected, "stored": 1})
    assert received.post({"source_cloud": "gcp", "payload": first}) == (200, {**expected, "same": 1})
    assert received.post({"source_cloud": "gcp", "payload": second}) == (200, {**expected, "superseded": 1})
    ((_, item),) = received.hot.devices["sensor-1"].items()
    assert json.loads(item)["v"] == 2
    ((key, (_, body)),) = received.letters.objects.items()
    letter = DeadLetter.from_json(key, body)
    assert (letter.problem, letter.function, json.loads(letter.message)["v"]) == ("superseded", "writer", 1)
