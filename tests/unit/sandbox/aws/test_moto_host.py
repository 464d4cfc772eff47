"""How the server of moto takes requests: whole, one after the other on a connection."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from werkzeug.routing import Map, Rule
from werkzeug.serving import WSGIRequestHandler, make_server

from l3kit.sandbox.aws.moto_host import WholeRequests, build_no_addresses_in_advance

Served = tuple[int, list[bytes]]


class Handler(WholeRequests, WSGIRequestHandler):
    """As the sandbox has it, without what moto adds."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing: a test's output is no place for it."""


@pytest.fixture
def served() -> Iterator[Served]:
    """The port, and the bodies that the application behind it was given."""
    taken: list[bytes] = []

    def application(environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
        taken.append(environ["wsgi.input"].read())
        if environ["PATH_INFO"] == "/fails":
            raise ValueError("a fault of moto")
        start("204 No Content" if environ["PATH_INFO"] == "/nothing" else "200 OK", [("x-path", environ["PATH_INFO"])])
        return [] if environ["PATH_INFO"] == "/nothing" else [b"an", b"swer"]

    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port, taken
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def raw(port: int, head: str, body: bytes) -> bytes:
    """Send this, end the sending side, and return all that is answered."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(f"PUT /k HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode() + body)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(4096), b""))


def test_requests_of_a_connection_are_served_one_after_the_other(served: Served) -> None:
    port, taken = served
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    used = []
    for method, path, body, wanted in (
        ("PUT", "/a", b"one", (200, b"answer")),
        ("HEAD", "/a", None, (200, b"")),
        ("DELETE", "/nothing", None, (204, b"")),
        ("PUT", "/b", b"two" * 400_000, (200, b"answer")),
    ):
        client.request(method, path, body)
        used.append(client.sock)
        answer = client.getresponse()
        assert (answer.status, answer.read()) == wanted
        assert answer.headers["x-path"] == path
    client.close()
    assert taken == [b"one", b"", b"", b"two" * 400_000]
    assert len({*map(id, used)}) == 1


def test_half_a_body_reaches_nobody(served: Served) -> None:
    port, taken = served
    assert raw(port, "Content-Length: 10", b"half") == b""
    assert taken == []


@pytest.mark.parametrize("head", ["Transfer-Encoding: chunked", "Content-Length: -1", "Content-Length: many"])
def test_a_body_of_no_known_length_is_refused(served: Served, head: str) -> None:
    port, taken = served
    assert raw(port, head, b"4\r\nhalf\r\n").startswith(b"HTTP/1.1 411 ")
    assert taken == []


def test_a_fault_of_moto_is_told_as_500_without_what_it_says(served: Served) -> None:
    port, _ = served
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    client.request("GET", "/fails")
    answer = client.getresponse()
    assert answer.status == 500
    assert b"fault of moto" not in answer.read()
    client.close()


def test_a_client_that_waits_to_be_asked_for_the_body_is_asked(served: Served) -> None:
    port, taken = served
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"PUT /k HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"one")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
    assert taken == [b"one"]


def test_addresses_are_built_as_before_though_nothing_is_written_in_advance(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Rule] = []
    whole = Rule._compile_builder

    def noted(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        written.append(rule)
        return whole(rule, append_unknown)

    monkeypatch.setattr(Rule, "_compile_builder", noted)
    build_no_addresses_in_advance()
    rules = Map([Rule("/a/<name>", endpoint="one", methods=["PUT"]), Rule("/b", endpoint="two")]).bind("host")
    assert rules.match("/a/x", "PUT") == ("one", {"name": "x"})
    assert written == []
    assert rules.build("one", {"name": "ä b", "more": "1"}, method="PUT") == "/a/%C3%A4%20b?more=1"
    assert rules.build("two") == "/b"
    assert written
