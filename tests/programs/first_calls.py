"""Functions of one cloud with nothing of l3kit but what their zips carry: each is started, and answers a first call.

`python first_calls.py CLOUD`, with a list of cases as JSON on its input, each an object with `function`, `role`, `env`,
`entry` (its entry file), `modules` (those of its zip), `late` (of late imports) and `opens` (what it opens). Prints the
answers as a JSON list. Installed packages are loaded once.
"""

from __future__ import annotations

import base64
import importlib
import json
import os
import runpy
import sys
import threading
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

ITEM = '{"iotDeviceId":"sensor-1","id":"2024-01-01T00:00:00.000Z","v":1}'
ONE = {"stored": 1, "same": 0, "superseded": 0, "dead": 0, "checked": 1, "sent": True}
COLD = {
    "iot_device_id": "sensor-1",
    "chunk_index": 0,
    "start_timestamp": "2024-01-01T00:00:00.000Z",
    "end_timestamp": "2024-01-01T00:00:00.000Z",
    "items": [json.loads(ITEM)],
    "source_cloud": "aws",
}
KEY = "sensor-1/2024-01-01T00:00:00.000Z-2024-01-01T00:00:00.000Z/chunk-00000.json"
BODIES: Mapping[str, str] = {
    "hot-to-cold-mover": "{}",
    "cold-to-archive-mover": "{}",
    "archive-expirer": "{}",
    "cold-writer": json.dumps(COLD),
    "archive-writer": json.dumps(
        {"object_key": KEY, "data": f"[{ITEM}]", "source_cloud": "aws", "is_multipart": False}
    ),
    "hot-reader": '{"iot_device_id": "sensor-1"}',
    "hot-reader-last-entry": '{"iot_device_id": "sensor-1"}',
    **dict.fromkeys(("ingestion", "writer"), f'{{"source_cloud": "aws", "payload": {ITEM}}}'),
    "feedback-receiver": f'{{"source_cloud": "aws", "iot_device_id": "sensor-1", "payload": {ITEM}}}',
}
"""Of each function the body of a request; all others get the item."""


class OnlyPacked:
    """Refuses modules of l3kit that are not in `modules`."""

    modules: frozenset[str] = frozenset()

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name.partition(".")[0] == "l3kit" and name not in self.modules:
            raise ModuleNotFoundError(f"{name} is not in the function's zip", name=name)
        return None


class Receiver(BaseHTTPRequestHandler):
    """The next cloud, and the function that an action calls."""

    def do_POST(self) -> None:
        body = json.dumps(ONE).encode()
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None: ...


class Empty:
    """Every store, peer and device in one: nothing is there, and everything can be written."""

    tier, name = "cold", "empty"

    def __init__(self) -> None:
        self.ports = importlib.import_module("l3kit.tiering.ports")
        self.usage = self.ports.Usage()

    async def read_page(self, device_id: str, **bounds: object) -> Any:
        return self.ports.Page([], [], None)

    async def last_item(self, device_id: str) -> None: ...

    async def create_items(self, items: Sequence[bytes]) -> list[Any]:
        return [self.ports.Created() for _ in items]

    async def load(self, name: str) -> None: ...

    async def swap(self, name: str, row: object) -> bool:
        return True

    def key_fault(self, key: str) -> None: ...

    async def head(self, key: str) -> None: ...

    async def create(self, key: str, body: bytes, **content: Any) -> Any:
        moment = importlib.import_module("datetime").datetime(2024, 1, 1)
        return self.ports.ObjectInfo(key, len(body), "etag", moment, content["sha256"])

    async def list(self, prefix: str = "") -> Any:
        infos: tuple[object, ...] = ()
        for info in infos:
            yield info

    async def call(self, function: str, event: bytes) -> bytes:
        return json.dumps(ONE).encode()

    async def send(self, device_id: str, payload: bytes) -> None: ...

    async def close(self) -> None: ...


class Context:
    aws_request_id = invocation_id = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


def aws(built: Any, case: Mapping[str, Any], headers: Mapping[str, str]) -> list[Any]:
    body = BODIES.get(case["function"], ITEM)
    if case["role"] == "writer":
        event = {"headers": headers, "body": body, "requestContext": {"http": {"method": "POST"}}}
        answer = built(event, Context())
        return [[answer["statusCode"], json.loads(answer["body"])]]
    if case["role"] == "reader":
        event = {"headers": headers, "rawQueryString": "device=sensor-1", "requestContext": {"http": {"method": "GET"}}}
        answer = built(event, Context())
        content = json.loads(base64.b64decode(answer["body"]))
        return [[200, built(json.loads(body), Context())], [answer["statusCode"], content]]
    event = {"payload": base64.b64encode(ITEM.encode()).decode(), "topic": "twin/sensor-1/telemetry"}
    events = [event] if case["role"] == "source" else []
    events.append(json.loads(body) if case["role"] in ("mover", "expirer") else {"l3kit_event": body})
    return [[200, built(one, Context())] for one in events]


def azure(built: Any, case: Mapping[str, Any], headers: Mapping[str, str]) -> list[Any]:
    import azure.functions as func

    functions = {one.get_function_name(): one.get_user_function() for one in built.get_functions()}
    body = BODIES.get(case["function"], ITEM).encode()
    answers = [functions["http"](func.HttpRequest("POST", "/api/run", headers=dict(headers), body=body), Context())]
    if case["role"] == "source":
        functions["events"]([func.EventHubEvent(body=body)], Context())
    if "public" in functions:
        request = func.HttpRequest("GET", "/api/x?device=sensor-1", headers=dict(headers), body=b"")
        answers.append(functions["public"](request, Context()))
    return [[one.status_code, json.loads(one.get_body())] for one in answers]


def gcp(built: Any, case: Mapping[str, Any], headers: Mapping[str, str]) -> list[Any]:
    import flask

    body = BODIES.get(case["function"], ITEM)
    push = {"message": {"data": base64.b64encode(ITEM.encode()).decode()}, "subscription": "projects/p/subscriptions/s"}
    requests = [{"method": "POST", "data": json.dumps(push)}] if case["role"] == "source" else []
    requests.append({"method": "POST", "data": body})
    if case["role"] == "reader":
        requests = [{"method": "GET", "query_string": "device=sensor-1"}]
    answers = []
    for request in requests:
        with flask.Flask("first-calls").test_request_context("/", headers=dict(headers), **request):
            answer = built(flask.request)
        answers.append([answer.status_code, json.loads(answer.get_data())])
    return answers


def opened(cloud: str, case: Mapping[str, Any], tuning: Any) -> None:
    """Open what the function uses, by the openers that it has."""
    if cloud == "aws":
        openers = importlib.import_module("l3kit.clouds.aws.data.entry").openers(tuning)
    else:
        openers = importlib.import_module(f"l3kit.clouds.{cloud}.data.stores").openers(tuning, os.environ)
    arguments: Mapping[str, tuple[Any, ...]] = {"objects": ("name", "cold"), "peers": ({},), "feedback": ("twin",)}
    for use in case["opens"]:
        getattr(openers, use)(*arguments.get(use, ("name",)))


def first_calls(cloud: str, case: Mapping[str, Any], guard: OnlyPacked) -> list[Any]:
    for name in [name for name in sys.modules if name.partition(".")[0] == "l3kit"]:
        del sys.modules[name]
    guard.modules = frozenset(case["modules"])
    os.environ.update(case["env"])
    runpy.run_path(case["entry"])
    openers = importlib.import_module("l3kit.tiering.runtime.openers")
    everything = Empty()
    opened_by = openers.Openers(*[lambda *names: everything] * 5)
    build = importlib.import_module(f"l3kit.clouds.{cloud}.data.entry").build
    place = () if cloud == "aws" else (Path(case["entry"]).parent,)
    built = build(case["function"], *place, os.environ, opened_by=opened_by)
    calls = {"aws": aws, "azure": azure, "gcp": gcp}[cloud]
    answers = calls(built, case, {"x-inter-cloud-token": case["env"].get("INTER_CLOUD_TOKEN", "")})
    opened(cloud, case, importlib.import_module("l3kit.tiering.settings.tuning").DEFAULT_TUNING)
    for name in case["late"]:
        importlib.import_module(name)
    return answers


def main() -> None:
    guard = OnlyPacked()
    sys.meta_path.insert(0, guard)
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    cases = json.loads(sys.stdin.read().replace("http://127.0.0.1:9/", f"http://127.0.0.1:{server.server_port}/"))
    unset = dict(os.environ)
    answers = []
    for case in cases:
        os.environ.clear()
        os.environ.update(unset)
        try:
            answers.append(first_calls(sys.argv[1], case, guard))
        except Exception as error:
            answers.append([[0, f"{type(error).__name__}: {error}"]])
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
