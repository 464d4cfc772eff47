"""Cloud Run functions in the sandbox: from their zips, with the real functions-framework, over real sockets."""

from __future__ import annotations

import contextlib
import io
import json
import os
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from l3kit.clouds.ports.function_host import Timer
from l3kit.errors import L3Error, ProvisioningError
from l3kit.sandbox.functions.client import SandboxFunctionHost
from l3kit.sandbox.gcp.gcp_host import most_connections
from l3kit.sandbox.state import Home
from tests.support.cloud_functions import World, azure_zip, code_zip, definition, gcp_zip, processes_of, serving
from tests.support.waiting import wait_until

pytestmark = pytest.mark.sandbox

HALF_BODY = b"POST /?action=length HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"
MAIN = """
import importlib.util, json, os, sys, threading, time
import flask

LOADED = f"{time.time()} {os.getpid()}"
together = threading.Barrier(4)


def main(request):
    action = request.args.get("action", "")
    if action == "echo":
        told = {"method": request.method, "path": request.path, "url": request.url, "headers": dict(request.headers)}
        return told | {"query": request.args.to_dict(flat=False), "body": request.get_data(as_text=True)}
    if action == "length":
        return str(len(request.get_data()))
    if action == "answer":
        return flask.Response(bytes(int(request.args["size"])))
    if action == "stream":
        blocks = (bytes(1024 * 1024) for _ in range(33))
        return flask.Response(blocks, headers={"X-Own": "1"})
    if action == "status":
        return flask.Response("teapot", 418, {"X-Own-CASE": "1"})
    if action == "raise":
        raise ValueError("told to")
    if action == "exit":
        os._exit(3)
    if action == "sleep":
        print("sleeps", flush=True)
        time.sleep(float(request.args["seconds"]))
        print("slept to the end")
    if action == "meet":
        together.wait(60)
    if action == "world":
        there = [name for name in ("l3kit", "pytest", "boto3", "aiohttp") if importlib.util.find_spec(name)]
        return {"variables": dict(os.environ), "packages": there, "path": sys.path}
    return LOADED
"""
TINY = "def main(request):\n    return 'tiny'\n"
JOB = {"name": "nightly", "schedule": "0 3 * * SUN", "body": '{"a": 1}'}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving(tmp_path_factory.mktemp("gcp")) as served:
        yield served


@pytest.fixture(scope="module")
def url(world: World) -> str:
    """The address of a function that anybody may call."""
    address = world.put("gcp", "the-function", gcp_zip(MAIN), public=True, settings={"MINE": "ä"}).url
    assert address == f"{world.endpoint}/_gcp/the-function"
    return address


def ask(url: str, action: str = "", method: str = "GET", **more: Any) -> requests.Response:
    params = {"action": action, **more.pop("params", {})}
    return requests.request(method, url, params=params, **{"timeout": 60, **more})


def test_a_request_arrives_as_it_was_sent(url: str) -> None:
    answer = requests.post(
        f"{url}/a%2Fb/%C3%A4?action=echo&x=1&x=%2B",
        data="text",
        headers={"X-Mixed-CASE": "as is", "Accept": None},
        timeout=60,
    )
    told = answer.json()
    assert (told["method"], told["path"], told["body"]) == ("POST", "/a/b/ä", "text")
    assert told["query"] == {"action": ["echo"], "x": ["1", "+"]}
    assert told["headers"]["X-Mixed-Case"] == "as is"
    assert told["headers"]["Content-Length"] == "4"
    assert told["headers"]["X-Cloud-Trace-Context"]
    assert not {"Accept", "Transfer-Encoding"} & set(told["headers"])
    assert requests.get(f"{url}?action=echo", timeout=60).json()["path"] == "/"


def test_an_answer_comes_back_as_it_was_made(url: str) -> None:
    answer = ask(url, "status")
    assert (answer.status_code, answer.text) == (418, "teapot")
    assert answer.raw.headers["X-Own-CASE"] == "1"
    assert "X-Own-CASE" in list(answer.headers)
    assert "gunicorn" not in answer.headers.get("Server", "")


def test_an_exception_is_a_500_and_is_in_the_log(world: World, url: str) -> None:
    assert ask(url, "raise").status_code == 500
    assert "ValueError: told to" in world.log("gcp", "the-function")


def test_a_function_that_is_not_public_asks_for_the_identity_token(world: World) -> None:
    address = world.put("gcp", "private", gcp_zip(MAIN)).url
    token = world.shown("gcp", "private")["key"]
    assert ask(address).status_code == 403
    assert ask(address, headers={"Authorization": "Bearer wrong"}).status_code == 403
    assert ask(address, headers={"Authorization": token}).status_code == 403
    told = ask(address, "echo", headers={"Authorization": f"Bearer {token}"}).json()
    assert "Authorization" not in told["headers"]
    assert world.host("gcp").invoke("private", b"{}", timeout=60)[0] == 200
    world.host("gcp").delete("private")


def test_a_public_function_sees_the_authorization_that_it_checks_itself(url: str) -> None:
    told = ask(url, "echo", headers={"Authorization": "Bearer of-its-own"}).json()
    assert told["headers"]["Authorization"] == "Bearer of-its-own"


def test_an_unknown_function_is_a_404(world: World) -> None:
    assert ask(f"{world.endpoint}/_gcp/no-such-function").status_code == 404


def test_a_body_of_32_mb_arrives_and_one_byte_more_is_a_413(url: str) -> None:
    most = 33_554_432

    def blocks(size: int) -> Iterator[bytes]:
        for start in range(0, size, 65_536):
            yield bytes(min(65_536, size - start))

    for body in (bytes, blocks):
        assert ask(url, "length", "POST", data=body(most)).text == str(most)
        assert ask(url, "length", "POST", data=body(most + 1)).status_code == 413


def test_an_answer_of_32_mb_comes_back_and_one_byte_more_is_a_500(url: str) -> None:
    most = 33_554_432
    assert len(ask(url, "answer", params={"size": str(most)}).content) == most
    assert ask(url, "answer", params={"size": str(most + 1)}).status_code == 500


def test_an_answer_without_a_stated_length_may_be_larger(url: str) -> None:
    answer = ask(url, "stream")
    assert (answer.status_code, len(answer.content)) == (200, 33 * 1024 * 1024)
    assert answer.headers["X-Own"] == "1"


def test_requests_are_served_at_once_in_one_process(url: str) -> None:
    """Each of the four waits until all four have begun."""
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: ask(url, "meet"), range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.text for answer in answers}) == 1


@pytest.mark.parametrize("half", [b"POST / HTTP/1.1\r\nHost: x\r\nContent-", b"", HALF_BODY])
def test_requests_that_stay_half_sent_hold_nobody_up(world: World, url: str, half: bytes) -> None:
    """Sent to the function itself, which would soon have no thread left."""
    assert ask(url).status_code == 200
    before = {process.pid for process in world.processes("gcp", "the-function")}
    with contextlib.ExitStack() as stack:
        for _ in range(40):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port_of(world)), 10))
            connection.sendall(half)
        assert ask(url, timeout=20).status_code == 200
    assert {process.pid for process in world.processes("gcp", "the-function")} == before


def port_of(world: World) -> int:
    """On which the function's own server listens."""
    served = world.processes("gcp", "the-function")[0].net_connections("inet")
    return next(int(one.laddr.port) for one in served if one.status == psutil.CONN_LISTEN)


def test_a_worker_holds_no_more_connections_than_it_has_files_for() -> None:
    assert most_connections(80, 1_048_576) == 1_000
    assert most_connections(80, 256) == 81
    assert most_connections(80, 1_024) == 844


def test_a_function_sees_its_settings_and_the_platform_and_nothing_of_the_developer(
    world: World, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEVELOPERS_OWN", "1")
    world.kill("the-function")  # the next process starts with the variable around it
    told = ask(url, "world").json()
    variables = told["variables"]
    assert variables["MINE"] == "ä"
    assert variables["STORAGE_EMULATOR_HOST"] == "of-the-sandbox"
    assert (variables["K_SERVICE"], variables["K_CONFIGURATION"]) == ("the-function", "the-function")
    assert variables["K_REVISION"].startswith("the-function-")
    assert int(variables["PORT"]) > 0
    assert "DEVELOPERS_OWN" not in variables
    assert variables["HOME"] != os.environ["HOME"]
    assert world.shown("gcp", "the-function")["key"] not in variables.values()
    assert told["packages"] == []
    assert not [entry for entry in told["path"] if "site-packages" in entry]


def served_again(url: str) -> bool:
    """Within moments: while a server replaces its worker a request may still meet the old one."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if ask(url).status_code == 200:
            return True
    return False


def test_a_crash_is_a_503_and_the_next_request_is_served(world: World, url: str) -> None:
    """Its server replaces a worker that ended, as it does in a container; a server that is gone is started anew."""
    before = ask(url).text
    assert ask(url, "exit").status_code == 503
    assert served_again(url)
    world.kill("the-function")
    after = ask(url)
    assert after.status_code == 200
    assert after.text != before


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
def test_a_request_that_ends_its_process_is_not_sent_again(world: World, method: str) -> None:
    source = "import os\ndef main(request):\n    print('asked', flush=True)\n    os._exit(1)\n"
    name = f"crash-{method.lower()}"
    address = world.put("gcp", name, gcp_zip(source), public=True).url
    assert requests.request(method, address, timeout=60).status_code == 503
    assert world.log("gcp", name).count("asked") == 1


def test_killing_a_function_breaks_off_what_it_is_doing(world: World, url: str) -> None:
    ask(url)
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(ask, url, "sleep", params={"seconds": "600"})
        assert wait_until(lambda: open_requests(world, "the-function") == 1)
        world.kill("the-function")
        assert held.result().status_code == 503


def open_requests(world: World, name: str) -> int:
    instance = world.functions._deployments["gcp", name]._instance
    return instance.open_requests if instance else 0


def test_a_request_over_the_timeout_is_a_504_and_the_instance_lives_on(world: World) -> None:
    address = world.put("gcp", "short", gcp_zip(MAIN), public=True, timeout=2).url
    before = ask(address).text
    assert ask(address, "sleep", params={"seconds": "5"}).status_code == 504
    assert ask(address).text == before
    assert wait_until(lambda: "slept to the end" in world.log("gcp", "short"))
    world.host("gcp").delete("short")


def test_a_function_listens_on_loopback_only(world: World, url: str) -> None:
    assert ask(url).status_code == 200
    listening = {
        connection.laddr.ip
        for process in world.processes("gcp", "the-function")
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_a_job_is_fired_as_cloud_scheduler_sends_it(world: World) -> None:
    code = gcp_zip(
        'import flask\ndef main(r):\n    print("ran")\n    return {"body": r.get_json(), **dict(r.headers)}\n'
    )
    world.put("gcp", "scheduled", code, schedules=[JOB])
    host = world.host("gcp")
    assert host.timers("scheduled") == {"nightly": Timer("0 3 * * SUN", "fired")}
    outcome = host.fire("scheduled", "nightly", "2026-03-01T05:00:00+02:00")
    told = json.loads(outcome["body"])
    assert outcome["status"] == 200
    assert outcome["log_tail"] == "ran\n"
    assert told["body"] == {"a": 1}
    assert told["User-Agent"] == "Google-Cloud-Scheduler"
    assert (told["X-Cloudscheduler"], told["X-Cloudscheduler-Jobname"]) == ("true", "nightly")
    assert told["X-Cloudscheduler-Scheduletime"] == "2026-03-01T03:00:00Z"
    with pytest.raises(L3Error, match="no schedule daily"):
        host.fire("scheduled", "daily")
    host.delete("scheduled")


def test_an_update_takes_over_at_once_and_lets_the_old_process_finish(world: World) -> None:
    address = world.put("gcp", "changing", gcp_zip(MAIN), public=True).url
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(ask, address, "sleep", params={"seconds": "2"})
        assert wait_until(lambda: open_requests(world, "changing") == 1)
        world.put("gcp", "changing", gcp_zip(TINY), public=True)
        assert ask(address).text == "tiny"
        assert held.result().status_code == 200
    world.run(world.functions.end_idle())
    assert len(list(world.home.functions.glob("gcp-changing-*"))) == 1
    world.host("gcp").delete("changing")


def test_code_that_does_not_start_leaves_the_old_one_serving(world: World) -> None:
    address = world.put("gcp", "kept", gcp_zip(TINY), public=True).url
    with pytest.raises(ProvisioningError, match=r"(?s)the old one serves on.*nowhere_to_be_found"):
        world.put("gcp", "kept", gcp_zip("import nowhere_to_be_found"), public=True)
    assert ask(address).text == "tiny"
    assert world.shown("gcp", "kept")["state"] == "active"
    assert len(list(world.home.functions.glob("gcp-kept-*"))) == 1
    world.host("gcp").delete("kept")


def test_new_code_that_does_not_start_is_not_active(world: World) -> None:
    with pytest.raises(ProvisioningError, match="not running"):
        world.put("gcp", "broken", gcp_zip("import nowhere_to_be_found"), public=True)
    assert ask(f"{world.endpoint}/_gcp/broken").status_code == 500
    assert world.processes("gcp", "broken") == []
    world.host("gcp").delete("broken")


def test_a_deleted_function_leaves_no_process_and_no_file(world: World) -> None:
    address = world.put("gcp", "gone", gcp_zip(TINY), public=True).url
    assert ask(address).text == "tiny"
    assert len(world.processes("gcp", "gone")) == 2, "the server and its worker"
    world.host("gcp").delete("gone")
    assert wait_until(lambda: world.processes("gcp", "gone") == [], 2)
    assert list(world.home.functions.glob("gcp-gone-*")) == []
    assert ask(address).status_code == 404


GOOD = gcp_zip(TINY)


def zip_of(size: int) -> bytes:
    """A sound function beside a file of so many bytes, which is never whole in memory."""
    buffer = io.BytesIO(GOOD)
    with (
        zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("big.bin", "w") as big,
    ):
        for _ in range(size // 2**20):
            big.write(bytes(2**20))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "more", "code", "told"),
    [
        ("1a", {}, GOOD, "no function name"),
        ("a" * 64, {}, GOOD, "no function name"),
        ("a_b", {}, GOOD, "no function name"),
        ("ok", {"python": "3.6"}, GOOD, "Python"),
        ("ok", {"timeout": 3601}, GOOD, "1 to 3600"),
        ("ok", {"public": "yes"}, GOOD, "true or false"),
        ("ok", {"settings": {"PORT": "1"}}, GOOD, "belongs to the platform"),
        ("ok", {"settings": {"K_SERVICE": "x"}}, GOOD, "belongs to the platform"),
        ("ok", {"settings": {"X_GOOGLE_X": "x"}}, GOOD, "belongs to the platform"),
        ("ok", {"settings": {"A=B": "x"}}, GOOD, "no name of a setting"),
        ("ok", {"settings": {"A": "\0"}}, GOOD, "zero byte"),
        ("ok", {"settings": {f"A{n}": "" for n in range(1001)}}, GOOD, "1,000 are allowed"),
        ("ok", {"settings": {"A": "x" * 32_768}}, GOOD, "32,768 are allowed"),
        ("ok", {"schedules": [{**JOB, "schedule": "0 3 * *"}]}, GOOD, "no unix cron expression"),
        ("ok", {"schedules": [{**JOB, "schedule": "60 3 * * *"}]}, GOOD, "no minute"),
        ("ok", {"schedules": [JOB, JOB]}, GOOD, "there twice"),
        ("ok", {"schedules": [{"name": "j"}]}, GOOD, "name, schedule and body"),
        ("ok", {"schedules": [{**JOB, "name": "a b"}]}, GOOD, "no name of a schedule"),
        ("ok", {}, b"", "no zip"),
        ("ok", {}, code_zip(main__py=""), "lacks requirements.txt"),
        ("ok", {}, azure_zip(""), "lacks main.py"),
        ("ok", {}, lambda: bytes(100 * 1024 * 1024 + 1), "104,857,600 are allowed"),
        ("ok", {}, lambda: zip_of(500 * 1024 * 1024), "524,288,000 are allowed"),
    ],
)
def test_what_google_refuses_is_refused_in_words(
    world: World, name: str, more: dict[str, Any], code: bytes | Callable[[], bytes], told: str
) -> None:
    with pytest.raises(ProvisioningError) as refusal:
        world.put("gcp", name, code() if callable(code) else code, **more)
    assert told in str(refusal.value)
    assert world.host("gcp").get(name) is None
    assert list(world.home.functions.glob("gcp-ok-*")) == []


@pytest.mark.slow
def test_no_process_outlives_a_gateway_that_was_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.support.cloud_functions", str(tmp_path)]
    gateway = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3])
    assert gateway.stdout is not None
    with contextlib.closing(gateway.stdout):
        endpoint = gateway.stdout.readline().strip()
    url = SandboxFunctionHost(endpoint, "gcp").put("left", definition(public=True), gcp_zip(MAIN)).url
    azure = "import azure.functions as func\napp = func.FunctionApp()\n"
    SandboxFunctionHost(endpoint, "azure").put("left", definition(), azure_zip(azure))
    assert ask(url).status_code == 200
    assert [len(processes_of(tmp_path, cloud, "left")) for cloud in ("gcp", "azure")] == [2, 1]
    log = Home(tmp_path).log("gcp-left")
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(ask, url, "sleep", params={"seconds": "600"})
        assert wait_until(lambda: "sleeps" in log.read_text("utf-8"))  # a busy one would end in its own time
        gateway.kill()
        gateway.wait()
        assert isinstance(held.exception(), requests.ConnectionError)
    assert wait_until(lambda: not any(processes_of(tmp_path, cloud, "left") for cloud in ("gcp", "azure")))
