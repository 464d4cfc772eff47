"""Routes of an Azure function app, from its zip, with the real azure.functions, over real sockets."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from tests.integration.sandbox.azure.functions.apps import TINY, ask, key_of
from tests.support.cloud_functions import World, azure_zip

pytestmark = pytest.mark.sandbox


def test_an_address_that_is_none_is_refused(world: World, app: str) -> None:
    """Sent to the function itself."""
    assert ask(f"{app}/api/open").status_code == 200
    served = world.processes("azure", "the-app")[0].net_connections("inet")
    port = next(one.laddr.port for one in served if one.status == psutil.CONN_LISTEN)
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        connection.sendall(b"GET http://[x/api/run HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(1024).startswith(b"HTTP/1.1 400 ")


def test_a_route_answers_with_what_its_function_returned(world: World, app: str) -> None:
    answer = ask(f"{app}/api/run", "POST", data=b'{"a": 1}', headers={"x-functions-key": key_of(world)})
    assert (answer.status_code, answer.content) == (201, b'{"a": 1}')
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Own"] == "1"
    text = ask(f"{app}/api/open", "POST", data=b"12345")
    assert (text.status_code, text.text) == (200, "POST 5")
    assert text.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert ask(f"{app}/API/Blue").text == "blue"


def test_a_function_that_returns_nothing_is_a_204(app: str) -> None:
    answer = ask(f"{app}/api/nothing")
    assert (answer.status_code, answer.content) == (204, b"")


def test_each_auth_level_asks_for_its_own_key_and_takes_it_from_header_or_query(world: World, app: str) -> None:
    key, master = key_of(world), key_of(world, "master_key")
    given: dict[str, dict[str, str]] = {"none": {}, "wrong": {"x-functions-key": "é"}, "key": {"x-functions-key": key}}
    given["master"] = {"X-Functions-Key": master}
    seen = {
        route: [
            ask(f"{app}/api/{route}", headers={n: v.encode() for n, v in headers.items()}).status_code
            for headers in given.values()
        ]
        for route in ("open", "run", "secret")
    }
    assert seen == {"open": [200] * 4, "run": [401, 401, 201, 201], "secret": [401, 401, 401, 200]}
    assert ask(f"{app}/api/run", params={"code": key}).status_code == 201
    assert ask(f"{app}/api/run").content == b""


def test_query_and_headers_arrive_as_they_were_sent(app: str) -> None:
    answer = ask(f"{app}/api/devices?x=1&x=2&e=%20%2B", headers={"X-Mixed-CASE": "as is", "Accept": None})
    told = answer.json()
    assert told["query"] == {"x": "1,2", "e": " +"}
    assert told["url"] == f"{app}/api/devices?x=1&x=2&e=%20%2B"
    assert told["headers"]["x-mixed-case"] == "as is"
    assert not {"accept", "x-forwarded-prefix", "transfer-encoding"} & set(told["headers"])


def test_an_address_arrives_with_the_very_escapes_it_was_sent_with(world: World, app: str) -> None:
    connection = http.client.HTTPConnection(world.endpoint.removeprefix("http://"), timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", "/_azure/the-app/api/%64evices?q=%7e'")
        told = json.loads(connection.getresponse().read())
    assert told["url"] == f"{app}/api/%64evices?q=%7e'"


def test_unknown_routes_and_methods_are_404(world: World, app: str) -> None:
    for method, path in (
        ("GET", "/api/only"),
        ("GET", "/api/none"),
        ("GET", "/run"),
        ("GET", "/api/devices/x/y"),
        ("GET", ""),
    ):
        assert ask(app + path, method).status_code == 404
    assert ask(f"{app}/api/only", "PUT").status_code == 200
    assert ask(f"{world.endpoint}/_azure/no-such-app/api/run").status_code == 404


def test_an_exception_is_a_500_without_a_body_and_is_in_the_log(world: World, app: str) -> None:
    answer = ask(f"{app}/api/do", params={"action": "raise"})
    assert (answer.status_code, answer.content) == (500, b"")
    assert "ValueError: told to" in world.log("azure", "the-app")


def test_synchronous_functions_run_at_once_in_one_process(app: str) -> None:
    """Each of the eight waits until all eight have begun."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(f"{app}/api/do", params={"action": "meet"}), range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert len({answer.text for answer in answers}) == 1


def test_asynchronous_functions_share_one_loop(app: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: ask(f"{app}/api/only", "PUT").text, range(8)))
    assert len(set(answers)) == 1


def test_a_body_of_100_mb_arrives_and_one_byte_more_is_a_413_before_the_function(app: str) -> None:
    most = 104_857_600
    assert ask(f"{app}/api/open", "POST", data=blocks(most)).text == f"POST {most}"
    assert ask(f"{app}/api/open", "POST", data=blocks(most + 1)).status_code == 413
    assert ask(f"{app}/api/open", "POST", data=bytes(most)).text == f"POST {most}"
    assert ask(f"{app}/api/open", "POST", data=bytes(most + 1)).status_code == 413


def blocks(size: int) -> Iterator[bytes]:
    block = bytes(1024 * 1024)
    while size > 0:
        yield block[:size]
        size -= len(block)


def test_a_route_prefix_of_the_apps_own(world: World) -> None:
    host_json = '{"version": "2.0", "extensions": {"http": {"routePrefix": ""}}}'
    app = world.put("azure", "no-prefix", azure_zip(TINY, host_json)).url
    assert ask(f"{app}/run").text == "tiny"
    assert ask(f"{app}/api/run").status_code == 404
    world.host("azure").delete("no-prefix")
