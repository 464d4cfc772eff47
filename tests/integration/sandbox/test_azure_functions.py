"""Azure Functions in the sandbox: real zips, real azure.functions, each app in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import textwrap
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from l3kit.errors import L3Error, ProvisioningError
from tests.support.function_hosts import (
    PYTHON,
    Deployments,
    definition,
    gateway_in_a_process,
    listening_addresses,
    megabytes,
    sample_zip,
    served,
    wait_for,
)

pytestmark = pytest.mark.sandbox

APP = """
import asyncio, importlib, json, os, sys, threading, time
import azure.functions as func
app = func.FunctionApp()
"""
ECHO = (
    APP
    + """
def told(req, **more):
    return func.HttpResponse(json.dumps({
        "method": req.method, "url": req.url, "params": dict(req.params), "route": dict(req.route_params),
        "size": len(req.get_body()), "header": req.headers.get("X-Asked"), "pid": os.getpid(), **more,
    }), status_code=201, headers={"X-Told": "yes"}, mimetype="application/json")

@app.route(route="anybody", auth_level=func.AuthLevel.ANONYMOUS)
def anybody(req: func.HttpRequest) -> func.HttpResponse:
    return told(req)

@app.route(route="run", auth_level=func.AuthLevel.FUNCTION)
def run(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return told(req, invocation=context.invocation_id, function=context.function_name)

@app.route(route="admin-only", auth_level=func.AuthLevel.ADMIN)
def admin_only(req: func.HttpRequest) -> func.HttpResponse:
    return told(req)

@app.route(route="devices/{device}/items/{number:int}", auth_level=func.AuthLevel.ANONYMOUS)
def item(req: func.HttpRequest) -> func.HttpResponse:
    return told(req)

@app.route(route="files/{*rest}", auth_level=func.AuthLevel.ANONYMOUS)
def files(req: func.HttpRequest) -> func.HttpResponse:
    return told(req)

@app.route(route="post", methods=["POST", func.HttpMethod.PUT], auth_level=func.AuthLevel.ANONYMOUS)
def post(req: func.HttpRequest) -> func.HttpResponse:
    return told(req)

@app.route(route="later", auth_level=func.AuthLevel.ANONYMOUS)
async def later(req: func.HttpRequest) -> func.HttpResponse:
    await asyncio.sleep(0)
    return told(req, loop=True)

@app.function_name("by-its-name")
@app.route(auth_level=func.AuthLevel.ANONYMOUS)
def unrouted(req: func.HttpRequest) -> str:
    return "plain text"

@app.route(route="broken", auth_level=func.AuthLevel.ANONYMOUS)
def broken(req: func.HttpRequest) -> func.HttpResponse:
    raise ValueError("the reason is in the log")

@app.route(route="none", auth_level=func.AuthLevel.ANONYMOUS)
def none(req: func.HttpRequest) -> func.HttpResponse:
    os._exit(3)

shared = func.Blueprint()

@shared.route(route="blueprint", auth_level=func.AuthLevel.ANONYMOUS)
def of_blueprint(req: func.HttpRequest) -> func.HttpResponse:
    return told(req)

app.register_functions(shared)
met = threading.Barrier(6, timeout=10)

@app.route(route="meet", auth_level=func.AuthLevel.ANONYMOUS)
def meet(req: func.HttpRequest) -> func.HttpResponse:
    met.wait()
    return told(req)

@app.route(route="environment", auth_level=func.AuthLevel.ANONYMOUS)
def environment(req: func.HttpRequest) -> func.HttpResponse:
    found = {}
    for name in ("pytest", "boto3", "l3kit", "azure.functions"):
        try:
            found[name] = importlib.import_module(name).__file__
        except ImportError:
            found[name] = None
    told = {"env": dict(os.environ), "path": sys.path, "modules": found, "cwd": os.getcwd()}
    return func.HttpResponse(json.dumps(told))
"""
)


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployments]:
    with served(tmp_path_factory.mktemp("azure") / "home") as hosts:
        yield Deployments(hosts, "azure")


@pytest.fixture(scope="module")
def echo(azure: Deployments) -> str:
    """An app with a route of each kind."""
    return azure.deploy(ECHO, settings={"OWN": "value"})


# --- routes -----------------------------------------------------------------------------------------------------


def test_a_request_reaches_the_function_whole_and_its_answer_comes_back(azure: Deployments, echo: str) -> None:
    asked = {"data": b"x" * 1000, "headers": {"X-Asked": "höher".encode()}}
    answer = azure.ask("POST", echo, "/api/anybody?a=1&b=%26%2B", **asked)
    told = answer.json()
    assert (answer.status_code, answer.headers["X-Told"]) == (201, "yes")
    assert answer.headers["Content-Type"] == "application/json"
    assert (told["method"], told["size"], told["params"]) == ("POST", 1000, {"a": "1", "b": "&+"})
    assert told["url"].endswith("/api/anybody?a=1&b=%26%2B")


def test_a_function_key_or_the_master_key_opens_a_function_route(azure: Deployments, echo: str) -> None:
    key, master = azure.key(echo), azure.instance(echo).master_key
    assert [azure.ask("POST", echo, "/api/run", key=one).status_code for one in ("", "wrong", key, master)] == [
        401,
        401,
        201,
        201,
    ]
    assert azure.ask("POST", echo, f"/api/run?code={key}").status_code == 201
    assert azure.ask("POST", echo, "/api/run?code=wrong").status_code == 401
    assert azure.ask("POST", echo, "/api/run", key="ungültig").status_code == 401
    assert azure.ask("POST", echo, "/api/run").content == b""


def test_only_the_master_key_opens_an_admin_route(azure: Deployments, echo: str) -> None:
    key, master = azure.key(echo), azure.instance(echo).master_key
    asked = [azure.ask("GET", echo, "/api/admin-only", key=one).status_code for one in ("", key, master)]
    assert asked == [401, 401, 201]


def test_the_context_names_the_function_and_each_invocation(azure: Deployments, echo: str) -> None:
    told = [azure.ask("POST", echo, "/api/run", key=azure.key(echo)).json() for _ in range(2)]
    assert {one["function"] for one in told} == {"run"}
    assert len({one["invocation"] for one in told}) == 2


def test_parts_of_a_path_are_told_by_name(azure: Deployments, echo: str) -> None:
    item = azure.ask("GET", echo, "/api/devices/pump%201/items/42").json()
    assert item["route"] == {"device": "pump 1", "number": "42"}
    assert azure.ask("GET", echo, "/api/devices/pump/items/x").status_code == 404
    assert azure.ask("GET", echo, "/api/devices/a/b/items/1").status_code == 404
    assert azure.ask("GET", echo, "/api/files/a/b/c.txt").json()["route"] == {"rest": "a/b/c.txt"}


def test_routes_are_compared_whatever_the_case(azure: Deployments, echo: str) -> None:
    assert azure.ask("GET", echo, "/API/AnyBody").status_code == 201


def test_what_no_route_fits_is_not_found(azure: Deployments, echo: str) -> None:
    assert azure.ask("GET", echo, "/api/post").status_code == 404
    assert azure.ask("DELETE", echo, "/api/post").status_code == 404
    assert [azure.ask(method, echo, "/api/post").status_code for method in ("POST", "PUT")] == [201, 201]
    for path in ("/api/nothing", "/anybody", "/", "", "/api", "/api/anybody/more"):
        assert azure.ask("GET", echo, path).status_code == 404, path
    assert azure.ask("GET", "unknown-function", "/api/anybody").status_code == 404


def test_an_asynchronous_function_a_blueprint_and_a_function_without_route_are_served(
    azure: Deployments, echo: str
) -> None:
    assert azure.ask("GET", echo, "/api/later").json()["loop"] is True
    assert azure.ask("GET", echo, "/api/blueprint").status_code == 201
    answer = azure.ask("GET", echo, "/api/by-its-name")
    assert (answer.status_code, answer.text) == (200, "plain text")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_head_has_headers_and_no_body(azure: Deployments, echo: str) -> None:
    answer = azure.ask("HEAD", echo, "/api/anybody")
    assert (answer.status_code, answer.headers["X-Told"], answer.content) == (201, "yes", b"")


def test_a_route_prefix_of_its_own_replaces_api(azure: Deployments) -> None:
    host = json.dumps({"version": "2.0", "extensions": {"http": {"routePrefix": ""}}})
    name = azure.deploy(ECHO, host__json=host)
    assert azure.ask("GET", name, "/anybody").status_code == 201
    assert azure.ask("GET", name, "/api/anybody").status_code == 404


def test_an_exception_is_a_500_without_body_and_its_traceback_is_in_the_log(azure: Deployments, echo: str) -> None:
    answer = azure.ask("POST", echo, "/api/broken")
    assert (answer.status_code, answer.content) == (500, b"")
    assert wait_for(lambda: "ValueError: the reason is in the log" in azure.log(echo))
    assert azure.ask("GET", echo, "/api/anybody").status_code == 201


def test_requests_at_once_are_served_by_one_process(azure: Deployments, echo: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: azure.ask("GET", echo, "/api/meet"), range(6)))
    assert [answer.status_code for answer in answers] == [201] * 6
    assert len({answer.json()["pid"] for answer in answers}) == 1


# --- timers -----------------------------------------------------------------------------------------------------

TIMER = (
    APP
    + """
@app.timer_trigger(schedule="%TICK_SCHEDULE%", arg_name="moment")
def tick(moment: func.TimerRequest, context: func.Context) -> None:
    time.sleep(0.3)
    print("ticked", moment.past_due, context.function_name, flush=True)

@app.timer_trigger(schedule="0 */5 * * * *", arg_name="moment")
async def fails(moment: func.TimerRequest) -> None:
    raise RuntimeError("the mover failed")
"""
)


@pytest.fixture(scope="module")
def timer(azure: Deployments) -> str:
    return azure.deploy(TIMER, settings={"TICK_SCHEDULE": "0 30 3 * * *"})


def test_a_timer_is_told_with_its_setting_filled_in(azure: Deployments, timer: str) -> None:
    assert azure.client.timers(timer) == {"tick": "0 30 3 * * *", "fails": "0 */5 * * * *"}
    assert azure.client.timers("unknown-function") == {}


def test_firing_a_timer_waits_for_its_end(azure: Deployments, timer: str) -> None:
    before = azure.log(timer).count("ticked False tick")
    assert azure.client.fire(timer, "tick") == {"status": 200, "body": "{}"}
    assert azure.log(timer).count("ticked False tick") == before + 1


def test_firing_a_timer_that_fails_says_why(azure: Deployments, timer: str) -> None:
    fired = azure.client.fire(timer, "fails")
    assert (fired["status"], json.loads(fired["body"])) == (500, {"error": "RuntimeError: the mover failed"})


def test_firing_what_is_not_there_is_an_error(azure: Deployments, timer: str) -> None:
    with pytest.raises(L3Error, match="has no schedule 'tock'"):
        azure.client.fire(timer, "tock")
    with pytest.raises(L3Error, match="no such function"):
        azure.client.fire("unknown-function", "tick")


def test_the_master_key_runs_a_timer_by_the_admin_address(azure: Deployments, timer: str) -> None:
    master, path = azure.instance(timer).master_key, "/admin/functions/tick"
    before = azure.log(timer).count("ticked False tick")
    assert [azure.ask("POST", timer, path, key=one).status_code for one in ("", azure.key(timer))] == [401, 401]
    assert azure.ask("POST", timer, path, key=master, data=b"{}").status_code == 202
    assert azure.ask("POST", timer, "/admin/functions/tock", key=master).status_code == 404
    assert wait_for(lambda: azure.log(timer).count("ticked False tick") > before)
    time.sleep(0.1)
    assert azure.log(timer).count("ticked False tick") == before + 1


@pytest.mark.parametrize("settings", [{}, {"TICK_SCHEDULE": "0 3 * * *"}])
def test_a_timer_without_a_schedule_of_six_fields_does_not_start(azure: Deployments, settings: dict[str, str]) -> None:
    with pytest.raises(ProvisioningError, match="not running"):
        azure.deploy(TIMER, name="f-bad-timer", settings=settings)
    assert "the timer tick has no NCRONTAB expression of six fields" in azure.log("f-bad-timer")
    assert azure.ask("GET", "f-bad-timer", "/api/x").status_code == 502


# --- limits -----------------------------------------------------------------------------------------------------

COUNTING = (
    APP
    + """
seen = []

@app.route(route="take", auth_level=func.AuthLevel.ANONYMOUS)
def take(req: func.HttpRequest) -> func.HttpResponse:
    seen.append(len(req.get_body()))
    return func.HttpResponse(json.dumps(seen))
"""
)


def test_a_body_over_100_mb_is_refused_before_the_function_sees_it(azure: Deployments) -> None:
    name = azure.deploy(COUNTING)
    assert azure.ask("POST", name, "/api/take", data=megabytes(101)).status_code == 413
    assert azure.ask("POST", name, "/api/take", data=b"x" * (100 * 1024 * 1024 + 1)).status_code == 413
    assert azure.ask("POST", name, "/api/take", data=megabytes(100)).json() == [100 * 1024 * 1024]


SLOW = (
    APP
    + """
@app.route(route="sleep", auth_level=func.AuthLevel.ANONYMOUS)
def sleep(req: func.HttpRequest) -> func.HttpResponse:
    time.sleep(60)

@app.route(route="pid", auth_level=func.AuthLevel.ANONYMOUS)
def pid(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(str(os.getpid()))

@app.route(route="exit", auth_level=func.AuthLevel.ANONYMOUS)
def end(req: func.HttpRequest) -> func.HttpResponse:
    os._exit(3)
"""
)


def test_a_request_over_its_time_is_a_504_and_the_process_is_gone(azure: Deployments) -> None:
    name = azure.deploy(SLOW, timeout=1)
    process = azure.process(name)
    started = time.monotonic()
    assert azure.ask("GET", name, "/api/sleep").status_code == 504
    assert 0.9 < time.monotonic() - started < 10
    assert wait_for(lambda: not process.is_running())
    assert int(azure.ask("GET", name, "/api/pid").text) != process.pid


def test_a_crash_during_a_request_is_a_502_and_the_next_one_starts_a_process(azure: Deployments) -> None:
    name = azure.deploy(SLOW)
    first = int(azure.ask("GET", name, "/api/pid").text)
    assert azure.ask("GET", name, "/api/exit").status_code == 502
    second = int(azure.ask("GET", name, "/api/pid").text)
    assert first != second
    threading.Timer(0.3, lambda: os.kill(second, signal.SIGKILL)).start()
    assert azure.ask("GET", name, "/api/sleep").status_code == 502
    assert int(azure.ask("GET", name, "/api/pid").text) not in (first, second)


def test_a_kill_by_name_ends_the_process_and_the_next_request_starts_one(azure: Deployments) -> None:
    name = azure.deploy(SLOW)
    process = azure.process(name)
    azure.hosts.functions.kill(name, "another-instance")
    assert process.is_running()
    azure.hosts.functions.kill(name, azure.instance(name).id)
    assert wait_for(lambda: not process.is_running())
    azure.hosts.within(azure.hosts.functions.end_idle())
    shown = azure.client.get(name)
    assert shown is not None
    assert shown.state == "not running: see its log"
    assert int(azure.ask("GET", name, "/api/pid").text) != process.pid


# --- deployments ------------------------------------------------------------------------------------------------

VERSION = (
    APP
    + """
@app.route(route="version", auth_level=func.AuthLevel.ANONYMOUS)
def version(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("VERSION " + os.environ.get("COLOUR", ""))
"""
)


def test_an_update_replaces_the_process_and_keeps_the_key(azure: Deployments) -> None:
    name = azure.deploy(VERSION.replace("VERSION", "one"), settings={"COLOUR": "red"})
    process, key, shown = azure.process(name), azure.key(name), azure.client.get(name)
    assert azure.ask("GET", name, "/api/version").text == "one red"
    azure.deploy(VERSION.replace("VERSION", "two"), name=name, settings={"COLOUR": "blue"})
    assert not process.is_running()
    assert azure.ask("GET", name, "/api/version").text == "two blue"
    now = azure.client.get(name)
    assert azure.key(name) == key
    assert shown is not None
    assert now is not None
    assert shown.code_sha256 != now.code_sha256
    assert now.definition.settings == {"COLOUR": "blue"}


def test_requests_during_updates_never_bring_an_old_version_back(azure: Deployments) -> None:
    """A request that an update overtakes may fail; what is answered after the update is the new version's."""
    name = azure.deploy(VERSION.replace("VERSION", "0"))
    ended = threading.Event()

    def keep_asking() -> None:
        while not ended.is_set():
            azure.ask("POST", name, "/api/version", data=megabytes(3))

    with ThreadPoolExecutor(3) as pool:
        asking = [pool.submit(keep_asking) for _ in range(3)]
        try:
            for number in range(1, 5):
                azure.deploy(VERSION.replace("VERSION", str(number)), name=name)
                process = azure.process(name)
                answers = [azure.ask("GET", name, "/api/version") for _ in range(3)]
                assert {(a.status_code, a.text) for a in answers} == {(200, f"{number} ")}
                assert azure.process(name) == process
        finally:
            ended.set()
        [one.result() for one in asking]


def test_delete_ends_the_process_and_the_name_is_gone(azure: Deployments) -> None:
    name = azure.deploy(SLOW)
    process = azure.process(name)
    azure.client.delete(name)
    assert not process.is_running()
    assert azure.client.get(name) is None
    assert azure.ask("GET", name, "/api/pid").status_code == 404
    azure.client.delete(name)
    with pytest.raises(ProvisioningError, match="is not deployed"):
        azure.client.invoke(name, b"{}", timeout=5)


def test_all_functions_of_a_cloud_are_listed(azure: Deployments, echo: str) -> None:
    import requests

    listed = requests.get(f"{azure.hosts.endpoint}/_sandbox/functions/azure", timeout=10).json()
    assert echo in [one["name"] for one in listed]
    assert requests.get(f"{azure.hosts.endpoint}/_sandbox/functions/gcp", timeout=10).json() == []


def test_the_function_sees_nothing_of_the_developers(
    azure: Deployments, echo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(pytest.__file__).parents[1]))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-for-you")
    name = azure.deploy(ECHO, settings={"OWN": "value"})
    told = azure.ask("GET", name, "/api/environment").json()
    variables = told["env"]
    assert (variables["OWN"], variables["PLACE"], variables["WEBSITE_SITE_NAME"]) == ("value", "azure", name)
    strange = {key for key in os.environ if key in variables} - {"PATH", "HOME", "LANG", "TZ"}
    assert strange <= {"LC_CTYPE", "PYTHONDONTWRITEBYTECODE"}
    assert "not-for-you" not in json.dumps(told)
    assert not any("KEY" in key for key in variables)
    assert [told["modules"][module] for module in ("pytest", "boto3", "l3kit")] == [None, None, None]
    assert str(azure.hosts.functions._records["azure", name].dependencies) in told["modules"]["azure.functions"]
    assert not [path for path in told["path"] if "site-packages" in path]
    assert variables["PATH"] == "/usr/local/bin:/usr/bin:/bin"
    assert told["cwd"].startswith(str(azure.hosts.home.functions))


def test_processes_listen_on_loopback_only(azure: Deployments, echo: str) -> None:
    azure.ask("GET", echo, "/api/anybody")
    assert set(listening_addresses(azure.process(echo))) == {"127.0.0.1"}


# --- what is refused --------------------------------------------------------------------------------------------


REFUSED: dict[str, tuple[dict[str, object], str]] = {
    "an unknown field": (definition(memory=1), "unknown fields: memory"),
    "another python": (definition(python="2.7"), f"its own Python {PYTHON}, not '2.7'"),
    "no python": ({"settings": {}}, "not None"),
    "no timeout": (definition(timeout=0), "timeout must be 1 to 600 seconds on azure, not 0"),
    "too long a timeout": (definition(timeout=601), "not 601"),
    "a timeout in words": (definition(timeout="60"), "not '60'"),
    "a timeout that is true": (definition(timeout=True), "not True"),
    "a setting that is no variable": (definition(settings={"a-b": "1"}), "'a-b' is no variable"),
    "a setting that is no text": (definition(settings={"A": 1}), "'A' is no variable with a text"),
    "a setting with a null": (definition(settings={"A": "x\x00"}), "'A' is no variable with a text"),
    "settings that are a list": (definition(settings=["A"]), "settings"),
    "a setting of the platform's": (definition(settings={"WEBSITE_X": "1"}), "WEBSITE_X belongs to the platform"),
    "a worker's setting": (definition(settings={"FUNCTIONS_WORKER_RUNTIME": "1"}), "belongs to the platform"),
    "a path of python's": (definition(settings={"PYTHONPATH": "1"}), "belongs to the platform"),
    "the sandbox's own variable": (
        definition(settings={"L3KIT_SANDBOX_MASTER_KEY": "1"}),
        "L3KIT_SANDBOX_MASTER_KEY belongs to the platform",
    ),
    "too large settings": (definition(settings={"A": "x" * 1024 * 1024}), "1,048,576 are allowed on azure"),
    "a label in capitals": (definition(labels={"Twin": "a"}), "the label 'Twin'='a' has other characters"),
    "too long a label": (definition(labels={"twin": "a" * 64}), "has other characters"),
    "a label that is no text": (definition(labels={"twin": 1}), "the label 'twin'=1"),
    "labels that are a list": (definition(labels=["a"]), "labels"),
    "a schedule beside the code": (
        definition(schedules=[{"name": "j", "schedule": "0 3 * * *"}]),
        "Azure's timers stand in the function's code",
    ),
    "schedules that are an object": (definition(schedules={}), "the schedules are no JSON array"),
    "no object": ([], "the definition is no JSON object"),  # type: ignore[dict-item]
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_definition_that_azure_would_refuse_is_refused(azure: Deployments, case: str) -> None:
    told, reason = REFUSED[case]
    status, error = azure.put("f-refused", told, sample_zip("azure", VERSION))
    assert (status, reason in error) == (400, True), error
    assert azure.client.get("f-refused") is None


@pytest.mark.parametrize("name", ["-a", "a-", "A", "a.b", "a" * 61, "a", "ä-1"])
def test_a_name_that_azure_would_refuse_is_refused(azure: Deployments, name: str) -> None:
    status, error = azure.put(name, definition(), sample_zip("azure", VERSION))
    assert (status, error) == (400, f"{name!r} is no function name on azure")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (b"", "the code is no zip"),
        (b"PK\x03\x04 nothing", "the code is no zip"),
        (sample_zip("azure", "", host__json=None), "the zip lacks host.json at its top level"),
        (
            sample_zip("azure", "", requirements__txt=None, function_app__py=None),
            "the zip lacks function_app.py, requirements.txt at its top level",
        ),
        (sample_zip("azure", "", **{"../up.py": ""}), "a path outside of its root: ../up.py"),
        (sample_zip("azure", "", **{"/root.py": ""}), "a path outside of its root: /root.py"),
    ],
)
def test_code_that_azure_would_refuse_is_refused(azure: Deployments, code: bytes, reason: str) -> None:
    status, error = azure.put("f-refused", definition(), code)
    assert (status, reason in error) == (400, True), error


def test_a_broken_zip_is_refused_and_what_ran_runs_on(azure: Deployments) -> None:
    name = azure.deploy(VERSION.replace("VERSION", "one"))
    process = azure.process(name)
    code = bytearray(sample_zip("azure", VERSION.replace("VERSION", "another")))
    place = code.index(b"func.HttpResponse(")
    code[place : place + 4] = b"FUNC"
    status, error = azure.put(name, definition(), bytes(code))
    assert (status, "function_app.py" in error) == (400, True), error
    assert azure.ask("GET", name, "/api/version").text == "one "
    assert azure.process(name) == process


def test_a_zip_over_100_mb_is_refused(azure: Deployments) -> None:
    status, error = azure.put("f-refused", definition(), b"x" * (100 * 1024 * 1024 + 1))
    assert (status, error) == (400, "the zip has 104,857,601 bytes; 104,857,600 are allowed")


def test_a_request_to_deploy_without_its_parts_is_refused(azure: Deployments) -> None:
    code = sample_zip("azure", VERSION)
    assert azure.put("f-refused", None, code, raw="{not json")[0] == 400
    assert azure.put("f-refused", definition(), None)[0] == 400
    assert azure.client.get("f-refused") is None


def test_a_build_that_fails_says_pips_words_without_addresses(azure: Deployments) -> None:
    requirements = "l3kit-no-such-package-anywhere==1\n"
    with pytest.raises(ProvisioningError, match="No matching distribution found for l3kit-no-such-package") as caught:
        azure.deploy(VERSION, name="f-unbuilt", requirements__txt=requirements)
    assert "the build failed: " in str(caught.value)
    assert "://" not in str(caught.value)
    assert azure.client.get("f-unbuilt") is None


def test_code_that_does_not_start_is_told_and_its_traceback_is_in_the_log(azure: Deployments) -> None:
    with pytest.raises(ProvisioningError, match="is not running: see its log"):
        azure.deploy("import nothing_of_that_name", name="f-broken-code")
    assert "No module named 'nothing_of_that_name'" in azure.log("f-broken-code")
    assert azure.ask("GET", "f-broken-code", "/api/run").status_code == 502
    azure.deploy(VERSION.replace("VERSION", "mended"), name="f-broken-code")
    assert azure.ask("GET", "f-broken-code", "/api/version").text == "mended "


def test_another_trigger_than_http_and_timer_is_refused_by_name(azure: Deployments) -> None:
    source = APP + textwrap.dedent("""
        @app.queue_trigger(arg_name="message", queue_name="q", connection="C")
        def queued(message: func.QueueMessage) -> None: ...
    """)
    with pytest.raises(ProvisioningError, match="not running"):
        azure.deploy(source, name="f-queue")
    assert "the sandbox serves HTTP and timer triggers, not queueTrigger" in azure.log("f-queue")


# --- the gateway's end ------------------------------------------------------------------------------------------


def test_idle_processes_end_and_start_again(azure: Deployments) -> None:
    name = azure.deploy(SLOW)
    process = azure.process(name)
    azure.hosts.within(azure.hosts.functions.end_idle())
    assert process.is_running()
    azure.instance(name).idle_since -= 601
    azure.hosts.within(azure.hosts.functions.end_idle())
    assert not process.is_running()
    assert int(azure.ask("GET", name, "/api/pid").text) != process.pid


def test_no_process_outlives_a_gateway_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(textwrap.dedent(SLOW))
    processes, kill = gateway_in_a_process(tmp_path, "azure")
    kill()
    assert psutil.wait_procs(processes, timeout=10)[1] == []
