"""Azure function apps in the sandbox: from their zips, with the real azure.functions, over real sockets."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from l3kit.clouds.ports.function_host import Timer
from l3kit.errors import L3Error, ProvisioningError
from l3kit.sandbox.functions.builder import without_addresses
from tests.support.cloud_functions import World, azure_zip, code_zip, serving
from tests.support.waiting import wait_until

pytestmark = pytest.mark.sandbox

APP = """
import json, os, sys, threading, time
import azure.functions as func
from more_routes import blueprint

the_app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
the_app.register_functions(blueprint)
LOADED = time.time()
together = threading.Barrier(8)


@the_app.route(route="open", auth_level=func.AuthLevel.ANONYMOUS)
def anonymous(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(f"{req.method} {len(req.get_body())}")


@the_app.route(route="run")
def keyed(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    headers = {"Content-Type": "application/json", "X-Own": "1"}
    return func.HttpResponse(req.get_body(), status_code=201, headers=headers)


@the_app.route(route="secret", auth_level=func.AuthLevel.ADMIN)
def admin(req: func.HttpRequest) -> str:
    return "admin"


@the_app.route(route="devices/{device}/{count:int}", auth_level=func.AuthLevel.ANONYMOUS)
def parameters(req: func.HttpRequest) -> str:
    told = {"route": dict(req.route_params), "query": dict(req.params), "url": req.url, "headers": dict(req.headers)}
    return json.dumps(told)


@the_app.route(route="devices/all/7", auth_level=func.AuthLevel.ANONYMOUS)
def written_out(req: func.HttpRequest) -> str:
    return "written out"


@the_app.route(route="only", methods=["PUT"], auth_level=func.AuthLevel.ANONYMOUS)
async def asynchronous(req: func.HttpRequest) -> str:
    return threading.current_thread().name


@the_app.route(route="nothing", auth_level=func.AuthLevel.ANONYMOUS)
def nothing(req: func.HttpRequest) -> None:
    return None


@the_app.route(route="do", auth_level=func.AuthLevel.ANONYMOUS)
def act(req: func.HttpRequest) -> str:
    action = req.params["action"]
    if action == "raise":
        raise ValueError("told to")
    if action == "exit":
        os._exit(3)
    if action == "sleep":
        time.sleep(float(req.params["seconds"]))
        print("slept to the end")
    if action == "meet":
        together.wait(60)
    return str(LOADED)


@the_app.route(route="world", auth_level=func.AuthLevel.ANONYMOUS)
def world(req: func.HttpRequest) -> str:
    import importlib.util
    there = [name for name in ("l3kit", "pytest", "boto3", "aiohttp") if importlib.util.find_spec(name)]
    return json.dumps({"variables": dict(os.environ), "packages": there, "path": sys.path})


@the_app.timer_trigger(schedule="%WHEN%", arg_name="timer")
def tick(timer: func.TimerRequest) -> None:
    print("tick", timer.past_due)
    if os.environ.get("TICK") == "raise":
        raise RuntimeError("the timer failed")
    if os.environ.get("TICK") == "sleep":
        time.sleep(60)
"""
BLUEPRINT = """
import azure.functions as func

blueprint = func.Blueprint()


@blueprint.route(route="blue", auth_level=func.AuthLevel.ANONYMOUS)
def blue(req: func.HttpRequest) -> str:
    return "blue"
"""
WHEN = {"WHEN": "0 0 3 * * *"}
TINY = """
import azure.functions as func
app = func.FunctionApp()
@app.route(route="run", auth_level=func.AuthLevel.ANONYMOUS)
def run(req: func.HttpRequest) -> str:
    return "tiny"
"""


def whole_app(host: str = '{"version": "2.0"}') -> bytes:
    return azure_zip(APP, host, more_routes__py=BLUEPRINT)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving(tmp_path_factory.mktemp("azure")) as served:
        yield served


@pytest.fixture(scope="module")
def app(world: World) -> str:
    """The address of an app with routes of every kind."""
    url = world.put("azure", "the-app", whole_app(), settings={**WHEN, "MINE": "ä"}).url
    assert url == f"{world.endpoint}/_azure/the-app"
    return url


def key_of(world: World, which: str = "key", name: str = "the-app") -> str:
    return str(world.shown("azure", name)[which])


def ask(url: str, method: str = "GET", **more: Any) -> requests.Response:
    return requests.request(method, url, **{"timeout": 60, **more})


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


def test_route_parameters_query_and_headers_arrive_as_they_were_sent(app: str) -> None:
    answer = ask(
        f"{app}/api/devices/a%2Fb%20c+%C3%A4/12?x=1&x=2&e=%20%2B", headers={"X-Mixed-CASE": "as is", "Accept": None}
    )
    told = answer.json()
    assert told["route"] == {"device": "a/b c+ä", "count": "12"}
    assert told["query"] == {"x": "1,2", "e": " +"}
    assert told["url"] == f"{app}/api/devices/a%2Fb%20c+%C3%A4/12?x=1&x=2&e=%20%2B"
    assert told["headers"]["x-mixed-case"] == "as is"
    assert not {"accept", "x-forwarded-prefix", "transfer-encoding"} & set(told["headers"])


def test_an_address_arrives_with_the_very_escapes_it_was_sent_with(world: World, app: str) -> None:
    connection = http.client.HTTPConnection(world.endpoint.removeprefix("http://"), timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", "/_azure/the-app/api/devices/%41%2f/1?q=%7e'")
        told = json.loads(connection.getresponse().read())
    assert told["url"] == f"{app}/api/devices/%41%2f/1?q=%7e'"
    assert told["route"]["device"] == "A/"


def test_a_request_whose_body_comes_in_during_an_update_is_served_by_the_new_code(world: World) -> None:
    app = world.put("azure", "between", whole_app(), settings=WHEN).url

    def slow_body() -> Iterator[bytes]:
        yield b"1"
        world.put("azure", "between", azure_zip(TINY))
        yield b"2"

    assert ask(f"{app}/api/run", "POST", data=slow_body()).text == "tiny"
    world.host("azure").delete("between")


def test_a_request_whose_body_comes_in_during_a_removal_starts_no_process(world: World) -> None:
    app = world.put("azure", "removed", azure_zip(TINY)).url

    def slow_body() -> Iterator[bytes]:
        yield b"1"
        world.host("azure").delete("removed")
        yield b"2"

    assert ask(f"{app}/api/run", "POST", data=slow_body()).status_code == 503
    assert world.processes("azure", "removed") == []


def test_a_written_out_route_goes_before_one_with_parameters(app: str) -> None:
    assert ask(f"{app}/api/devices/all/7").text == "written out"
    assert ask(f"{app}/api/devices/all/8").json()["route"] == {"device": "all", "count": "8"}


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


def test_a_function_sees_its_settings_and_the_platform_and_nothing_of_the_developer(
    world: World, app: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEVELOPERS_OWN", "1")
    world.kill("the-app")  # the next process starts with the variable around it
    told = ask(f"{app}/api/world").json()
    variables = told["variables"]
    assert variables["MINE"] == "ä"
    assert variables["STORAGE_CONNECTION_STRING"] == "of-the-sandbox"
    assert variables["WEBSITE_SITE_NAME"] == "the-app"
    assert "DEVELOPERS_OWN" not in variables
    assert variables["HOME"] != os.environ["HOME"]
    assert key_of(world) not in variables.values()
    assert key_of(world, "master_key") not in variables.values()
    assert told["packages"] == []
    assert not [entry for entry in told["path"] if "site-packages" in entry]


def test_the_request_that_crashes_a_process_gets_a_502_and_the_next_a_new_process(world: World, app: str) -> None:
    before = ask(f"{app}/api/do", params={"action": "none"}).text
    assert ask(f"{app}/api/do", params={"action": "exit"}).status_code == 502
    after = ask(f"{app}/api/do", params={"action": "none"})
    assert after.status_code == 200
    assert after.text != before
    assert world.shown("azure", "the-app")["state"] == "active"


def test_killing_a_function_breaks_off_what_it_is_doing(world: World, app: str) -> None:
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(ask, f"{app}/api/do", params={"action": "sleep", "seconds": "600"})
        assert wait_until(lambda: open_requests(world, "the-app") == 1)
        world.kill("the-app")
        assert held.result().status_code == 502
    assert ask(f"{app}/api/open").status_code == 200


def open_requests(world: World, name: str) -> int:
    instance = world.functions._deployments["azure", name]._instance
    return instance.open_requests if instance else 0


def test_a_function_listens_on_loopback_only(world: World, app: str) -> None:
    assert ask(f"{app}/api/open").status_code == 200
    listening = [
        connection.laddr.ip
        for process in world.processes("azure", "the-app")
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening == ["127.0.0.1"]


def test_a_timer_is_run_by_hand_and_its_outcome_told(world: World, app: str) -> None:
    host = world.host("azure")
    assert host.timers("the-app") == {"tick": Timer("0 0 3 * * *", "fired")}
    outcome = host.fire("the-app", "tick")
    assert outcome == {"status": 200, "body": "{}", "log_tail": "tick False\n"}
    with pytest.raises(L3Error, match="no schedule tock"):
        host.fire("the-app", "tock")
    with pytest.raises(L3Error, match="ISO-8601"):
        host.fire("the-app", "tick", "yesterday")


def test_the_admin_route_starts_a_timer_for_the_master_key_alone(world: World, app: str) -> None:
    def start(key: str, name: str = "tick") -> int:
        headers = {"x-functions-key": key}
        return ask(f"{app}/admin/functions/{name}", "POST", json={"input": ""}, headers=headers).status_code

    assert start("") == start(key_of(world)) == 401
    assert start(key_of(world, "master_key")) == 202
    assert start(key_of(world, "master_key"), "tock") == 404


def test_a_timer_that_fails_is_told_with_its_error_and_the_log(world: World) -> None:
    world.put("azure", "failing", whole_app(), settings={**WHEN, "TICK": "raise"})
    outcome = world.host("azure").fire("failing", "tick")
    assert outcome["status"] == 500
    assert json.loads(outcome["body"]) == {"error": "RuntimeError: the timer failed"}
    assert "RuntimeError: the timer failed" in outcome["log_tail"]
    world.host("azure").delete("failing")


@pytest.mark.slow
def test_a_run_over_the_functions_timeout_ends_its_process(world: World) -> None:
    host_json = '{"version": "2.0", "functionTimeout": "00:00:02"}'
    app = world.put("azure", "short", whole_app(host_json), settings={**WHEN, "TICK": "sleep"}).url
    before = [process.pid for process in world.processes("azure", "short")]
    answer = ask(f"{app}/api/do", params={"action": "sleep", "seconds": "600"})
    assert (answer.status_code, answer.content) == (500, b"")
    with pytest.raises(L3Error, match="took longer than 2 s"):
        world.host("azure").fire("short", "tick")
    assert ask(f"{app}/api/open").status_code == 200
    assert not set(before) & {process.pid for process in world.processes("azure", "short")}
    world.host("azure").delete("short")


@pytest.mark.slow
def test_the_load_balancer_gives_up_a_slow_request_and_the_run_goes_on(tmp_path: Path) -> None:
    with serving(tmp_path, azure_http_seconds=3.0) as world:
        app = world.put("azure", "slow", whole_app(), settings=WHEN).url
        assert ask(f"{app}/api/do", params={"action": "sleep", "seconds": "8"}).status_code == 502
        assert "slept to the end" not in world.log("azure", "slow")
        assert wait_until(lambda: "slept to the end" in world.log("azure", "slow"))


def test_a_route_prefix_of_the_apps_own(world: World) -> None:
    host_json = '{"version": "2.0", "extensions": {"http": {"routePrefix": ""}}}'
    app = world.put("azure", "no-prefix", azure_zip(TINY, host_json)).url
    assert ask(f"{app}/run").text == "tiny"
    assert ask(f"{app}/api/run").status_code == 404
    world.host("azure").delete("no-prefix")


def test_an_update_takes_over_at_once_and_lets_the_old_process_finish(world: World) -> None:
    app = world.put("azure", "changing", whole_app(), settings=WHEN).url
    key = key_of(world, name="changing")
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(ask, f"{app}/api/do", params={"action": "sleep", "seconds": "2"})
        assert wait_until(lambda: open_requests(world, "changing") == 1)
        world.put("azure", "changing", azure_zip(TINY))
        assert ask(f"{app}/api/run").text == "tiny"
        assert held.result().status_code == 200
    assert len(world.processes("azure", "changing")) == 2
    world.run(world.functions.end_idle())
    assert len(world.processes("azure", "changing")) == 1
    assert len(list(world.home.functions.glob("azure-changing-*"))) == 1
    assert key_of(world, name="changing") == key
    world.host("azure").delete("changing")


def test_an_idle_process_ends_and_the_next_request_starts_another(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = world.put("azure", "idle", whole_app(), settings=WHEN).url
    world.run(world.functions.end_idle())
    assert len(world.processes("azure", "idle")) == 1
    monkeypatch.setattr("l3kit.sandbox.functions.deployment.IDLE_SECONDS", 0.0)
    world.run(world.functions.end_idle())
    assert world.processes("azure", "idle") == []
    assert world.shown("azure", "idle")["state"] == "active"
    assert world.host("azure").timers("idle") == {"tick": Timer("0 0 3 * * *", "fired")}
    assert ask(f"{app}/api/open").status_code == 200
    world.host("azure").delete("idle")


def test_a_deleted_function_leaves_no_process_and_no_file(world: World) -> None:
    host = world.host("azure")
    url = world.put("azure", "gone", azure_zip(TINY)).url
    assert "gone" in [deployed.name for deployed in host.list()]
    assert len(world.processes("azure", "gone")) == 1
    host.delete("gone")
    assert world.processes("azure", "gone") == []
    assert list(world.home.functions.glob("azure-gone-*")) == []
    assert host.get("gone") is None
    assert ask(f"{url}/api/run").status_code == 404
    host.delete("gone")


def test_what_is_deployed_is_told_as_it_was_put(world: World) -> None:
    code = azure_zip(TINY)
    put = world.put("azure", "told", code, settings={"A.B": "1"}, owner="t", timeout=7)
    assert world.host("azure").get("told") == put
    assert put.definition.settings == {"A.B": "1"}
    assert (put.definition.owner, put.definition.timeout) == ("t", 7)
    assert world.host("azure").invoke("told", b"{}", timeout=60) == (200, b"tiny")
    world.host("azure").delete("told")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (azure_zip("import nowhere_to_be_found"), "No module named 'nowhere_to_be_found'"),
        (azure_zip("x = 1"), "has 0 function apps"),
        (azure_zip(TINY + "second = func.FunctionApp()\n"), "has 2 function apps"),
        (whole_app(), "the setting WHEN"),
        (azure_zip(TINY.replace('"run"', '"{id:nonsense}"')), "route constraint 'nonsense'"),
        (azure_zip(TINY, '{"functionTimeout": "00:20:00"}'), "functionTimeout must be"),
        (
            azure_zip(TINY + '@app.queue_trigger(arg_name="m", queue_name="q", connection="C")\ndef q(m): pass\n'),
            "queueTrigger",
        ),
    ],
)
def test_an_app_that_does_not_start_is_deployed_but_not_active(world: World, code: bytes, told: str) -> None:
    with pytest.raises(ProvisioningError) as failure:
        world.put("azure", "broken", code)
    assert told in str(failure.value)
    assert "not running" in str(failure.value)
    answer = ask(f"{world.endpoint}/_azure/broken/api/run")
    assert answer.status_code == 503
    assert world.processes("azure", "broken") == []
    world.host("azure").delete("broken")


def test_a_timer_with_a_schedule_that_is_none_is_not_active(world: World) -> None:
    with pytest.raises(ProvisioningError, match="no NCRONTAB expression"):
        world.put("azure", "broken-timer", whole_app(), settings={"WHEN": "0 3 * * *"})
    world.host("azure").delete("broken-timer")


GOOD = azure_zip(TINY)


@pytest.mark.parametrize(
    ("name", "more", "code", "told"),
    [
        ("x", {}, GOOD, "no function name"),
        ("Upper", {}, GOOD, "no function name"),
        ("a" * 61, {}, GOOD, "no function name"),
        ("-a", {}, GOOD, "no function name"),
        ("ok", {"python": "2.7"}, GOOD, "Python"),
        ("ok", {"timeout": 601}, GOOD, "1 to 600"),
        ("ok", {"timeout": True}, GOOD, "1 to 600"),
        ("ok", {"settings": {"WEBSITE_SITE_NAME": "x"}}, GOOD, "belongs to the platform"),
        ("ok", {"settings": {"FUNCTIONS_WORKER_RUNTIME": "x"}}, GOOD, "belongs to the platform"),
        ("ok", {"settings": {"a-b": "x"}}, GOOD, "no name of a setting"),
        ("ok", {"settings": {"A": 1}}, GOOD, "no text"),
        ("ok", {"settings": {"A": "x" * 40_000}}, GOOD, "32,768 are allowed"),
        ("ok", {"owner": "UPPER"}, GOOD, "label"),
        ("ok", {"schedules": [{"name": "j", "schedule": "* * * * *"}]}, GOOD, "in the function's code"),
        ("ok", {}, b"PK no zip", "no zip"),
        ("ok", {}, code_zip(function_app__py="", host__json="{}"), "lacks requirements.txt"),
        ("ok", {}, code_zip(function_app__py="", requirements__txt=""), "lacks host.json"),
        ("ok", {}, code_zip(main__py="", host__json="{}", requirements__txt=""), "lacks function_app.py"),
        ("ok", {}, azure_zip(TINY, **{"../../out": "x"}), "outside of its root"),
        ("ok", {}, azure_zip(TINY, requirements__txt="-r more.txt"), "says '-r more.txt'"),
        ("ok", {}, azure_zip(TINY, requirements__txt="-c other.txt\nazure-functions"), "says '-c other.txt'"),
        ("ok", {}, azure_zip(TINY, requirements__txt="./wheel"), "says './wheel'"),
    ],
)
def test_what_azure_refuses_is_refused_in_words(
    world: World, name: str, more: dict[str, Any], code: bytes, told: str
) -> None:
    with pytest.raises(ProvisioningError) as refusal:
        world.put("azure", name, code, **more)
    assert told in str(refusal.value)
    assert world.host("azure").get(name) is None
    assert list(world.home.functions.glob("azure-ok-*")) == []


def test_a_build_that_fails_ends_the_deployment_with_pips_words(world: World) -> None:
    with pytest.raises(ProvisioningError, match=r"the build failed: .*azure-functions==0\.0\.1"):
        world.put("azure", "unbuilt", azure_zip(TINY, requirements__txt="-c constraints.txt\nazure-functions==0.0.1\n"))
    assert world.host("azure").get("unbuilt") is None


def test_pips_words_come_without_its_indexs_address() -> None:
    said = """Looking in indexes: https://user:password@index.example/simple
WARNING: Retrying after connection broken by 'ConnectTimeoutError(<pip...>, 'host='index.example', port=443)'"""
    told = without_addresses(said)
    assert "Looking in indexes" in told
    assert "Retrying" in told
    assert "index.example" not in told
    assert "password" not in told


def test_a_damaged_zip_is_refused(world: World) -> None:
    code = bytearray(GOOD)
    code[60] ^= 0xFF
    with pytest.raises(ProvisioningError, match="no zip that can be unpacked"):
        world.put("azure", "damaged", bytes(code))


@pytest.mark.parametrize(
    "files",
    [
        {"definition": (None, "{}")},
        {"code": ("code.zip", GOOD), "definition": (None, "no json")},
        {"code": ("code.zip", GOOD), "definition": (None, "[]")},
        {"code": ("code.zip", GOOD), "definition": (None, '{"python": "3.11", "colour": "red"}')},
    ],
)
def test_a_form_that_is_none_is_a_400_in_words(world: World, files: dict[str, Any]) -> None:
    url = f"{world.endpoint}/_sandbox/functions/azure/formless"
    answer = requests.put(url, files=files, headers={"X-L3kit-Sandbox": "1"}, timeout=60)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_the_admin_api_is_shut_without_its_header_and_for_other_clouds(world: World, app: str) -> None:
    for path in ("azure", "azure/the-app"):
        assert ask(f"{world.endpoint}/_sandbox/functions/{path}").status_code == 403
    headers = {"X-L3kit-Sandbox": "1"}
    assert ask(f"{world.endpoint}/_sandbox/functions/oracle/x", "PUT", headers=headers).status_code == 404
    assert ask(f"{world.endpoint}/_sandbox/functions/azure/none/fire", "POST", headers=headers).status_code == 404
    fire = f"{world.endpoint}/_sandbox/functions/azure/the-app/fire"
    assert ask(fire, "POST", headers=headers, data=b"[]").status_code == 400


def test_requests_that_come_together_start_one_process(world: World, app: str) -> None:
    world.kill("the-app")
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: ask(f"{app}/api/do", params={"action": "none"}).text, range(6)))
    assert len(set(answers)) == 1
    assert len(world.processes("azure", "the-app")) == 1


def test_ending_the_idle_while_a_process_starts_leaves_it_alone(world: World, app: str) -> None:
    """The gateway looks for idle processes each second, also between a process's birth and its first word."""
    world.kill("the-app")
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(ask, f"{app}/api/open")
        while not held.done():
            world.run(world.functions.end_idle())
        assert held.result().status_code == 200
    assert len(world.processes("azure", "the-app")) == 1


def test_a_sender_that_breaks_off_does_not_reach_the_function(world: World, app: str) -> None:
    import socket

    before = world.log("azure", "the-app")
    host, port = world.endpoint.removeprefix("http://").split(":")
    with contextlib.closing(socket.create_connection((host, int(port)))) as connection:
        head = "POST /_azure/the-app/api/do?action=raise HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"
        connection.sendall(head.encode() + b"half of it")
        time.sleep(0.3)
    time.sleep(0.3)
    assert "told to" not in world.log("azure", "the-app")[len(before) :]
    assert ask(f"{app}/api/open").status_code == 200


def test_folders_of_another_function_are_not_taken_for_its_own(world: World, tmp_path: Path) -> None:
    """`a` and `a-b` share the beginnings of their folders' names."""
    world.put("azure", "ab", azure_zip(TINY))
    url = world.put("azure", "ab-c", azure_zip(TINY)).url
    world.host("azure").delete("ab")
    assert ask(f"{url}/api/run").text == "tiny"
    world.host("azure").delete("ab-c")
