"""CPU time of each function's start and first call, and the size of its code: `python -m benchmarks.function_start`.

A start is what runs while a cloud initialises the function: its entry file, with the variables that the deployer
injects. On AWS the first call is a real one, against a server on loopback that holds nothing and accepts everything (no
TLS); on the other clouds it is what the call imports before it opens a store. Only the files of the zip and the
installed dependencies are on the path, as in the cloud. Everything is compiled before.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from l3kit.packaging.wheels import packed_sources
from l3kit.providers import BUILT_IN, provider
from l3kit.tiering.settings.function_table import FUNCTIONS, peers_of, variables_for
from l3kit.tiering.settings.late_modules import modules_at_start, uses_of

ENTRY = {"aws": "lambda_function.py", "azure": "function_app.py", "gcp": "main.py"}
"""The file in which each cloud's runtime looks for the function."""
DAILY = ("cold-writer", "cold-to-archive-mover", "archive-writer", "archive-expirer")
"""Functions that start once a day, where a start costs nothing that anyone notices; one mover stands for them."""
MEASURED = tuple(name for name in FUNCTIONS if name not in DAILY)
ITEM = '{"iotDeviceId":"sensor-1","id":"2024-01-01T00:00:00.000Z","v":1}'
REQUEST = {
    "headers": {"x-inter-cloud-token": "x" * 43},
    "body": f'{{"source_cloud":"aws","payload":{ITEM}}}',
    "requestContext": {"http": {"method": "POST"}},
}
FEEDBACK = {**REQUEST, "body": f'{{"source_cloud":"azure","iot_device_id":"sensor-1","payload":{ITEM}}}'}
EVENTS: Mapping[str, object] = {
    "hot-to-cold-mover": {},
    "dispatcher": {
        "payload": "eyJkZXZpY2VJZCI6InNlbnNvci0xIiwidGltZSI6IjIwMjQtMDEtMDFUMDA6MDA6MDBaIn0=",
        "topic": "t/s/x",
    },
    "hot-reader": {"iot_device_id": "sensor-1"},
    "hot-reader-last-entry": {"iot_device_id": "sensor-1"},
    "ingestion": REQUEST,
    "writer": REQUEST,
    "feedback-receiver": FEEDBACK,
}
"""First calls on AWS; that of any other function is the item, from the function before it."""
RUN = """
import importlib, json, resource, runpy, sys

class Context:
    aws_request_id = "request-1"
    def get_remaining_time_in_millis(self):
        return 60_000

def used():
    now = resource.getrusage(resource.RUSAGE_SELF)
    return now.ru_utime + now.ru_stime

made = runpy.run_path(sys.argv[1])
started = used()
if "lambda_handler" in made:
    made["lambda_handler"](json.loads(sys.argv[2]), Context())
for name in sys.argv[3:]:
    importlib.import_module(name)
print(started, used(), len(sys.modules))
"""
COUNTS = {"stored": 1, "same": 0, "superseded": 0, "dead": 0, "checked": 1}
ANSWERS: Mapping[str, object] = {"Query": {"Items": []}, "BatchExecuteStatement": {"Responses": [{}]}, "GetItem": {}}
"""DynamoDB's answers to these operations; all others, and functions, get the counts."""


class Accepting(BaseHTTPRequestHandler):
    """Everything that a first call on AWS asks."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        body = json.dumps(ANSWERS.get(operation, COUNTS)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None: ...


@contextmanager
def accepting() -> Iterator[str]:
    """Run the server, and yield its url."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Accepting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@dataclass(frozen=True, slots=True)
class Measured:
    """CPU in ms, and modules loaded after the first call."""

    start: float
    first_call: float
    modules: int

    @property
    def total(self) -> float:
        return self.start + self.first_call


def variables(cloud: str, function: str, url: str = "https://receiver.example") -> dict[str, str]:
    """Variables as the deployer injects them, of a twin on one cloud; a connector's layer 2 is on another."""
    apart = function == "connector"
    other = next(name for name in BUILT_IN if name != cloud)
    layers = {"1": cloud, "2": other if apart else cloud, "3_hot": cloud, "3_cold": cloud, "3_archive": cloud}
    info = {
        "config": {"digital_twin_name": "twin", "hot_storage_size_in_days": 30, "cold_storage_size_in_days": 90},
        "config_iot_devices": [{"id": "sensor-1"}],
        "config_providers": {f"layer_{layer}_provider": name for layer, name in layers.items()},
    }
    values = {
        "DIGITAL_TWIN_INFO": json.dumps(info),
        "REMOTE_INGESTION_URL": f"{url}/",
        "FUNCTION_TIMEOUT_SECONDS": "900",
        "MOVER_SCHEDULE": "0 0 3 * * *",
        "RECEIVER_LIMIT_BYTES": "",
        "RECEIVER_LIMIT_COUNTS": "",
    }
    peers = peers_of(function, l1_apart=apart, events=False)
    names = variables_for(function, cloud=provider(cloud).variables, remote=apart, archive_here=False, peers=peers)
    account = {
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_ENDPOINT_URL": url,
    }
    return {name: values.get(name, "x" * 43) for name in names} | (account if cloud == "aws" else {})


def unpack(cloud: str, function: str, folder: Path) -> int:
    """Lay out a function's own code as its zip does. Returns: its compressed bytes."""
    packed = folder.with_suffix(".zip")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in packed_sources(cloud, function).items():
            archive.writestr(name, content)
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(folder)
    return packed.stat().st_size


def run(folder: Path, cloud: str, function: str, url: str) -> Measured:
    """Start the function in a process of its own, and call it once."""
    installed = [path for path in sys.path if path.endswith("site-packages")]
    told = variables(cloud, function, url)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | told
    environment["PYTHONPATH"] = os.pathsep.join([str(folder), *installed])
    event = json.dumps(EVENTS.get(function, {"l3kit_event": ITEM}))
    command = [sys.executable, "-S", "-c", RUN, str(folder / ENTRY[cloud]), event]
    done = subprocess.run(
        [*command, *imported(cloud, function, told)],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{cloud} {function}: {done.stderr[-2000:]}")
    started, ended, modules = done.stdout.split()[-3:]
    return Measured(float(started) * 1000, (float(ended) - float(started)) * 1000, int(modules))


def imported(cloud: str, function: str, told: Mapping[str, str]) -> Sequence[str]:
    """Modules that a first call imports where it is not made."""
    if cloud == "aws":
        return ()
    stores = [use for use in uses_of(function) if use in ("hot", "journal")]
    calls = any(name in told for name in provider(cloud).variables.peers.values())
    return modules_at_start(
        function, provider(cloud).late_modules, stores=stores, calls=calls, sends=function == "connector"
    )


def measure(cloud: str, functions: Sequence[str], runs: int) -> Iterator[tuple[str, int, Measured]]:
    """Yield of each function the bytes of its code, and the least of each time. The functions take turns."""
    with tempfile.TemporaryDirectory() as temporary, accepting() as url:
        folders = {function: Path(temporary) / function for function in functions}
        sizes = {function: unpack(cloud, function, folder) for function, folder in folders.items()}
        found: dict[str, list[Measured]] = {function: [] for function in functions}
        for _ in range(runs + 1):
            for function, folder in folders.items():
                found[function].append(run(folder, cloud, function, url))
    for function, (_, *counted) in found.items():  # the first run compiles
        start, first_call = (
            min(values) for values in zip(*((one.start, one.first_call) for one in counted), strict=True)
        )
        yield function, sizes[function], Measured(start, first_call, counted[0].modules)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.function_start", description=__doc__)
    parser.add_argument("--runs", type=int, default=9, help="starts of each, of which the quickest counts")
    parser.add_argument("--clouds", nargs="+", choices=BUILT_IN, default=BUILT_IN)
    parser.add_argument("--functions", nargs="+", choices=MEASURED, default=MEASURED)
    options = parser.parse_args(arguments)
    print("| cloud | function | own code, compressed | CPU of the start | of the first call | both | modules |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for cloud in options.clouds:
        for function, size, took in measure(cloud, options.functions, options.runs):
            times = f"{took.start:.0f} ms | {took.first_call:.0f} ms | {took.total:.0f} ms"
            print(f"| {cloud} | {function} | {size / 1024:.0f} KiB | {times} | {took.modules} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
