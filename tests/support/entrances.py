"""Entrances of any cloud, by its own entry points, on a port of loopback and on stores in memory."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import azure.functions as func
import flask

from l3kit.clouds.aws.data import entry as aws_entry
from l3kit.clouds.azure.data import entry as azure_entry
from l3kit.clouds.gcp.data import entry as gcp_entry
from l3kit.errors import CallError
from l3kit.providers import BUILT_IN, provider
from l3kit.sandbox.http_server import Answer, Server, handler_of
from l3kit.tiering.runtime.openers import Openers
from l3kit.tiering.settings.function_table import FUNCTIONS, peers_of, variables_for
from l3kit.twin.connections import Connection
from tests.support.chain import ChainWorld
from tests.support.lambda_calls import Context
from tests.support.protocol_requests import SCHEMA, Endpoint
from tests.support.wire_server import TOKEN

CLOUDS = tuple(BUILT_IN)
RECEIVERS, READERS = ("ingestion", "writer"), ("hot-reader", "hot-reader-last-entry")
FEEDBACK = "feedback-receiver"
TO_RECEIVERS, TO_READERS = [f"/{name}" for name in RECEIVERS], [f"/{name}" for name in READERS]
TO_ALL = [*TO_RECEIVERS, f"/{FEEDBACK}"]
Entrances = Mapping[str, Endpoint]
Headers = list[tuple[str, str]]
Call = Callable[[str, str, Headers, bytes], Answer]
"""Method, path with query, headers and body of a request; its answer."""


@dataclass
class Peers:
    """The other functions of the twin on the same cloud."""

    world: ChainWorld

    async def call(self, function: str, event: bytes) -> bytes:
        return await self.world.call(function, event)

    async def close(self) -> None:
        return None


@dataclass
class WayBack:
    """The way back to the devices of a twin."""

    world: ChainWorld

    async def send(self, device_id: str, payload: bytes) -> None:
        if device_id in self.world.failing:
            raise CallError(device_id, "is not connected", "Connect it")
        self.world.replied.append((device_id, payload))

    async def close(self) -> None:
        return None


def check_letters(world: ChainWorld) -> None:
    """What was accepted was stored: nothing is among the dead letters but versions that were replaced."""
    assert {letter.problem for letter in world.letters()} <= {"superseded"}


def world_of(function: str, cloud: str, **config: Any) -> ChainWorld:
    """A twin with this function on this cloud, and what would send to it on the next one."""
    other = CLOUDS[(CLOUDS.index(cloud) + 1) % len(CLOUDS)]
    l1, l2 = (cloud if function == one else other for one in ("feedback-receiver", "ingestion"))
    return ChainWorld(l1, l2, cloud, config={"time_digits": 3, "reader_urls": True, **config})


@contextmanager
def serving(
    function: str, cloud: str, world: ChainWorld, peers: Any = None, way_back: Any = None, **variables: str
) -> Iterator[Endpoint]:
    """Serve a function as a cloud does.

    Args:
        peers: in place of the twin's own functions.
        way_back: to the devices, in place of one that works.
        variables: those that differ.
    """
    letters = world.letter_stores[cloud]
    openers = Openers(
        lambda _: world.hot,
        _none,
        lambda *_: letters,
        lambda _: peers or Peers(world),
        lambda _: way_back or WayBack(world),
    )
    server = Server(
        ("127.0.0.1", 0), handler_of(_CALLS[cloud](function, _variables(function, world) | variables, openers))
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}/{function}"
        operation = SCHEMA[f"/{function}"]["GET" if FUNCTIONS[function].role == "reader" else "POST"]
        yield Endpoint(operation, Connection(f"to-{function}", url, TOKEN))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _variables(function: str, world: ChainWorld) -> dict[str, str]:
    cloud = provider(world.cloud_of(function)).variables
    peers = peers_of(function, l1_apart=True, events=False)
    names = variables_for(function, cloud=cloud, remote=False, archive_here=False, peers=peers, has_address=True)
    values = {"DIGITAL_TWIN_INFO": json.dumps(world.info), "INTER_CLOUD_TOKEN": TOKEN, "FUNCTION_TIMEOUT_SECONDS": "60"}
    return {name: values.get(name, name.lower()) for name in names}


def _none(*args: Any) -> Any:
    raise AssertionError("no entrance of a chain opens this")


# --- the clouds -------------------------------------------------------------------------------------------------


def _aws(function: str, env: Mapping[str, str], openers: Openers) -> Call:
    handler = aws_entry.build(function, env, openers)
    one_at_a_time = threading.Lock()

    def call(method: str, target: str, headers: Headers, body: bytes) -> Answer:
        path, _, query = target.partition("?")
        named = {name.lower(): value for name, value in headers}
        event = {"rawPath": path, "rawQueryString": query, "headers": named, "isBase64Encoded": True}
        event |= {"requestContext": {"http": {"method": method}}, "body": base64.b64encode(body).decode()}
        with one_at_a_time:
            answer = handler(json.loads(json.dumps(event)), Context())
        content = answer["body"].encode()
        content = base64.b64decode(content) if answer["isBase64Encoded"] else content
        return answer["statusCode"], list(answer["headers"].items()), content

    return call


def _azure(function: str, env: Mapping[str, str], openers: Openers) -> Call:
    app = azure_entry.build(function, Path(), env, openers)
    (user,) = [one.get_user_function() for one in app.get_functions() if function in str(one.get_bindings_dict())]

    def call(method: str, target: str, headers: Headers, body: bytes) -> Answer:
        url = f"https://plant.example/api{target}"
        answer = user(func.HttpRequest(method=method, url=url, headers=dict(headers), body=body), _Invocation())
        return answer.status_code, list(answer.headers.items()), answer.get_body()

    return call


class _Invocation:
    """An invocation's context on Azure."""

    invocation_id = "request-1"


def _gcp(function: str, env: Mapping[str, str], openers: Openers) -> Call:
    handler = gcp_entry.build(function, Path(), env, openers)
    app = flask.Flask(function)

    def call(method: str, target: str, headers: Headers, body: bytes) -> Answer:
        path, _, query = target.partition("?")
        with app.test_request_context(path, query_string=query, method=method, headers=headers, data=body):
            answer = handler(flask.request)
        return answer.status_code, list(answer.headers.items()), answer.get_data()

    return call


_CALLS = {"aws": _aws, "azure": _azure, "gcp": _gcp}
