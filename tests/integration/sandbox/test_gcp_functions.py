"""Cloud Run functions in the sandbox: real zips, the real functions-framework, each in processes of its own."""

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

ECHO = """
import importlib, json, os, sys, threading, time
import flask
met = threading.Barrier(4, timeout=10)
seen = []

def main(request):
    seen.append(len(request.get_data()))
    what = request.args.get("do")
    if what == "break":
        raise ValueError("the reason is in the log")
    if what == "sleep":
        time.sleep(60)
    if what == "exit":
        os._exit(int(request.args["code"]))
    if what == "large":
        return b"x" * (32 * 1024 * 1024 + int(request.args["more"]))
    if what == "meet":
        met.wait()
    if what == "environment":
        return environment()
    told = {"method": request.method, "path": request.path, "args": dict(request.args), "seen": seen,
            "headers": dict(request.headers), "body": request.get_data().decode(errors="replace")[:100],
            "pid": os.getpid()}
    return flask.Response(json.dumps(told), 201, {"X-Told": "yes", "Content-Type": "application/json"})

def environment():
    found = {}
    for name in ("pytest", "boto3", "l3kit", "functions_framework"):
        try:
            found[name] = importlib.import_module(name).__file__
        except ImportError:
            found[name] = None
    return json.dumps({"env": dict(os.environ), "path": sys.path, "modules": found, "cwd": os.getcwd()})
"""
VERSION = """
import os
def main(request):
    return "VERSION " + os.environ.get("COLOUR", "")
"""


@pytest.fixture(scope="module")
def gcp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployments]:
    with served(tmp_path_factory.mktemp("gcp") / "home") as hosts:
        yield Deployments(hosts, "gcp")


@pytest.fixture(scope="module")
def echo(gcp: Deployments) -> str:
    """A public function that tells what it was asked."""
    return gcp.deploy(ECHO, public=True)


# --- requests ---------------------------------------------------------------------------------------------------


def test_a_request_reaches_the_function_whole_and_its_answer_comes_back(gcp: Deployments, echo: str) -> None:
    answer = gcp.ask("PUT", echo, "/a/b%20c?x=1&y=%26%2B", data=b"body", headers={"X-Asked": "1"})
    told = answer.json()
    assert (answer.status_code, answer.headers["X-Told"]) == (201, "yes")
    assert answer.headers["Content-Type"] == "application/json"
    assert (told["method"], told["path"], told["args"]) == ("PUT", "/a/b c", {"x": "1", "y": "&+"})
    assert (told["body"], told["headers"]["X-Asked"]) == ("body", "1")
    assert gcp.ask("GET", echo, "").json()["path"] == "/"
    assert gcp.ask("GET", "unknown-function", "/").status_code == 404


def test_a_function_that_is_not_public_is_called_by_an_invoker_only(gcp: Deployments) -> None:
    name = gcp.deploy(ECHO)
    key = gcp.key(name)
    assert [gcp.ask("POST", name, "/", key=one).status_code for one in ("", "wrong", "ungültig")] == [403] * 3
    assert gcp.ask("POST", name, "/", headers={"X-Serverless-Authorization": key}).status_code == 403
    answer = gcp.ask("POST", name, "/", key=key)
    assert (answer.status_code, len(answer.json()["seen"])) == (201, 1)
    assert "Authorization" not in answer.json()["headers"]
    assert key not in answer.text


def test_the_operators_call_goes_through_as_an_invokers(gcp: Deployments) -> None:
    name = gcp.deploy(ECHO)
    status, body = gcp.client.invoke(name, b'{"time": 1}', timeout=30)
    told = json.loads(body)
    assert (status, told["method"], told["path"], told["body"]) == (201, "POST", "/", '{"time": 1}')
    assert told["headers"]["Content-Type"] == "application/json"
    with pytest.raises(ProvisioningError, match="is not deployed"):
        gcp.client.invoke("unknown-function", b"{}", timeout=5)


def test_an_exception_is_a_500_and_its_traceback_is_in_the_log(gcp: Deployments, echo: str) -> None:
    answer = gcp.ask("POST", echo, "/?do=break")
    assert answer.status_code == 500
    assert "the reason" not in answer.text
    assert wait_for(lambda: "ValueError: the reason is in the log" in gcp.log(echo))
    assert gcp.ask("GET", echo, "/").status_code == 201


def test_requests_at_once_are_served_by_one_process(gcp: Deployments, echo: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: gcp.ask("GET", echo, "/?do=meet"), range(4)))
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.json()["pid"] for answer in answers}) == 1


# --- limits -----------------------------------------------------------------------------------------------------


def test_a_body_over_32_mb_is_refused_before_the_function_sees_it(gcp: Deployments) -> None:
    name = gcp.deploy(ECHO, public=True)
    assert gcp.ask("POST", name, "/", data=megabytes(33)).status_code == 413
    assert gcp.ask("POST", name, "/", data=b"x" * (32 * 1024 * 1024 + 1)).status_code == 413
    assert gcp.ask("POST", name, "/", data=megabytes(32)).json()["seen"] == [32 * 1024 * 1024]


def test_an_answer_over_32_mb_does_not_come_through(gcp: Deployments, echo: str) -> None:
    whole = gcp.ask("GET", echo, "/?do=large&more=0")
    assert (whole.status_code, len(whole.content)) == (200, 32 * 1024 * 1024)
    cut = gcp.ask("GET", echo, "/?do=large&more=1")
    assert (cut.status_code, cut.text) == (500, "Response size was too large")


def test_a_request_over_its_time_is_a_504_and_the_processes_are_gone(gcp: Deployments) -> None:
    name = gcp.deploy(ECHO, public=True, timeout=1)
    pid = gcp.ask("GET", name, "/").json()["pid"]
    processes = [psutil.Process(pid), gcp.process(name)]
    started = time.monotonic()
    assert gcp.ask("GET", name, "/?do=sleep").status_code == 504
    assert 0.9 < time.monotonic() - started < 10
    assert psutil.wait_procs(processes, timeout=10)[1] == []
    assert gcp.ask("GET", name, "/").json()["pid"] != pid


@pytest.mark.parametrize("code", [1, 3, 4])
def test_a_crash_during_a_request_is_a_503_and_the_next_one_is_answered_by_another_process(
    gcp: Deployments, code: int
) -> None:
    """With 3 and 4 gunicorn itself ends too, and takes with it what comes meanwhile; else it starts a worker."""
    name = gcp.deploy(ECHO, public=True)
    first = gcp.ask("GET", name, "/").json()["pid"]
    assert gcp.ask("GET", name, f"/?do=exit&code={code}").status_code == 503
    assert wait_for(lambda: code == 1 or not gcp.instance(name).alive)
    second = gcp.ask("GET", name, "/").json()["pid"]
    assert first != second
    assert gcp.log(name).count(f"exited with code {code}") == 1
    threading.Timer(0.3, lambda: os.kill(second, signal.SIGKILL)).start()
    assert gcp.ask("GET", name, "/?do=sleep").status_code == 503
    assert gcp.ask("GET", name, "/").json()["pid"] not in (first, second)


def test_a_kill_by_name_ends_all_its_processes_and_the_next_request_starts_them(gcp: Deployments) -> None:
    name = gcp.deploy(ECHO, public=True)
    pid = gcp.ask("GET", name, "/").json()["pid"]
    processes = [psutil.Process(pid), gcp.process(name)]
    gcp.hosts.functions.kill(name, None)
    assert gcp.ask("GET", name, "/").json()["pid"] != pid
    assert psutil.wait_procs(processes, timeout=10)[1] == []


# --- schedules --------------------------------------------------------------------------------------------------

JOBS = (
    {"name": "nightly", "schedule": "0 3 * * *", "body": '{"from": "job"}'},
    {"name": "two", "schedule": "1 * * * *"},
)


def test_a_job_posts_its_body_with_cloud_schedulers_headers(gcp: Deployments) -> None:
    name = gcp.deploy(ECHO, schedules=JOBS)
    assert gcp.client.timers(name) == {"nightly": "0 3 * * *", "two": "1 * * * *"}
    fired = gcp.client.fire(name, "nightly", "2026-06-01T03:00:00Z")
    told = json.loads(fired["body"])
    assert (fired["status"], told["method"], told["path"], told["body"]) == (201, "POST", "/", '{"from": "job"}')
    headers = {key.lower(): value for key, value in told["headers"].items()}
    assert headers["user-agent"] == "Google-Cloud-Scheduler"
    assert headers["x-cloudscheduler"] == "true"
    assert headers["x-cloudscheduler-jobname"] == "nightly"
    assert headers["x-cloudscheduler-scheduletime"].startswith("2026-06-01T03:00:00")
    assert json.loads(gcp.client.fire(name, "two")["body"])["body"] == "{}"


def test_firing_what_is_not_there_or_fails_is_told(gcp: Deployments) -> None:
    name = gcp.deploy("def main(request):\n    raise ValueError", schedules=JOBS, timeout=1)
    with pytest.raises(L3Error, match="has no schedule 'other'"):
        gcp.client.fire(name, "other")
    with pytest.raises(L3Error, match="no such function"):
        gcp.client.fire("unknown-function", "nightly")
    assert gcp.client.fire(name, "nightly")["status"] == 500


def test_a_job_whose_request_takes_too_long_or_crashes_is_an_error_and_the_process_is_gone(gcp: Deployments) -> None:
    sleeping = gcp.deploy("import time\ndef main(request):\n    time.sleep(60)", schedules=JOBS, timeout=1)
    process = gcp.process(sleeping)
    with pytest.raises(L3Error, match="took longer than 1 s"):
        gcp.client.fire(sleeping, "nightly")
    assert wait_for(lambda: not process.is_running())
    crashing = gcp.deploy("import os\ndef main(request):\n    os._exit(1)", schedules=JOBS)
    with pytest.raises(L3Error, match=crashing):
        gcp.client.fire(crashing, "nightly")


# --- deployments ------------------------------------------------------------------------------------------------


def test_an_update_replaces_the_processes_and_keeps_the_key(gcp: Deployments) -> None:
    name = gcp.deploy(VERSION.replace("VERSION", "one"), public=True, settings={"COLOUR": "red"})
    process, key = gcp.process(name), gcp.key(name)
    assert gcp.ask("GET", name, "/").text == "one red"
    gcp.deploy(VERSION.replace("VERSION", "two"), name=name, public=True, settings={"COLOUR": "blue"})
    assert not process.is_running()
    assert gcp.ask("GET", name, "/").text == "two blue"
    assert gcp.key(name) == key
    gcp.deploy(VERSION, name=name)
    assert gcp.ask("GET", name, "/").status_code == 403


def test_delete_ends_the_processes_and_the_name_is_gone(gcp: Deployments) -> None:
    name = gcp.deploy(ECHO, public=True)
    pid = gcp.ask("GET", name, "/").json()["pid"]
    gcp.client.delete(name)
    assert psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=10)[1] == []
    assert gcp.client.get(name) is None
    assert gcp.ask("GET", name, "/").status_code == 404
    gcp.client.delete(name)


def test_the_function_sees_nothing_of_the_developers(gcp: Deployments, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(pytest.__file__).parents[1]))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-for-you")
    name = gcp.deploy(ECHO, settings={"OWN": "value"}, public=True)
    told = gcp.ask("GET", name, "/?do=environment").json()
    variables = told["env"]
    assert (variables["OWN"], variables["PLACE"], variables["K_SERVICE"]) == ("value", "gcp", name)
    strange = {key for key in os.environ if key in variables} - {"PATH", "HOME", "LANG", "TZ"}
    assert strange <= {"LC_CTYPE", "PYTHONDONTWRITEBYTECODE"}
    assert "not-for-you" not in json.dumps(told)
    assert gcp.key(name) not in json.dumps(told)
    assert [told["modules"][module] for module in ("pytest", "boto3", "l3kit")] == [None, None, None]
    assert str(gcp.hosts.functions._records["gcp", name].dependencies) in told["modules"]["functions_framework"]
    assert not [path for path in told["path"] if "site-packages" in path]
    assert told["cwd"].startswith(str(gcp.hosts.home.functions))


def test_processes_listen_on_loopback_only(gcp: Deployments, echo: str) -> None:
    gcp.ask("GET", echo, "/")
    assert set(listening_addresses(gcp.process(echo))) == {"127.0.0.1"}


def test_no_process_outlives_a_gateway_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(textwrap.dedent(ECHO))
    processes, kill = gateway_in_a_process(tmp_path, "gcp")
    kill()
    assert psutil.wait_procs(processes, timeout=10)[1] == []


# --- what is refused --------------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[dict[str, object], str]] = {
    "another python": (definition(python="3.7"), f"its own Python {PYTHON}, not '3.7'"),
    "too long a timeout": (definition(timeout=3601), "timeout must be 1 to 3600 seconds on gcp, not 3601"),
    "a setting of the platform's": (definition(settings={"K_SERVICE": "1"}), "K_SERVICE belongs to the platform"),
    "a port": (definition(settings={"PORT": "1"}), "PORT belongs to the platform"),
    "too large settings": (definition(settings={"A": "x" * 32 * 1024}), "32,768 are allowed on gcp"),
    "public in words": (definition(public="yes"), "public must be true or false, not 'yes'"),
    "a schedule of six fields": (
        definition(schedules=[{"name": "j", "schedule": "0 0 3 * * *"}]),
        "'0 0 3 * * *' is no unix cron expression of five fields",
    ),
    "a schedule without name": (definition(schedules=[{"schedule": "0 3 * * *"}]), "a schedule has a name"),
    "a schedule with more": (
        definition(schedules=[{"name": "j", "schedule": "0 3 * * *", "zone": "x"}]),
        "a schedule has a name, a schedule and a body, and nothing else",
    ),
    "a schedule that is a text": (definition(schedules=["0 3 * * *"]), "a schedule has a name"),
    "a body that is no text": (
        definition(schedules=[{"name": "j", "schedule": "0 3 * * *", "body": {}}]),
        "are texts",
    ),
    "two schedules of one name": (
        definition(schedules=[{"name": "j", "schedule": "0 3 * * *"}] * 2),
        "two schedules have one name",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_definition_that_google_would_refuse_is_refused(gcp: Deployments, case: str) -> None:
    told, reason = REFUSED[case]
    status, error = gcp.put("f-refused", told, sample_zip("gcp", VERSION))
    assert (status, reason in error) == (400, True), error
    assert gcp.client.get("f-refused") is None


@pytest.mark.parametrize("name", ["1-a", "a-", "A", "a_b", "a" * 64])
def test_a_name_that_google_would_refuse_is_refused(gcp: Deployments, name: str) -> None:
    status, error = gcp.put(name, definition(), sample_zip("gcp", VERSION))
    assert (status, error) == (400, f"{name!r} is no function name on gcp")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (b"", "the code is no zip"),
        (sample_zip("gcp", "", main__py=None), "the zip lacks main.py at its top level"),
        (sample_zip("gcp", "", requirements__txt=None), "the zip lacks requirements.txt at its top level"),
        (sample_zip("gcp", "", **{"../up.py": ""}), "a path outside of its root: ../up.py"),
    ],
)
def test_code_that_google_would_refuse_is_refused(gcp: Deployments, code: bytes, reason: str) -> None:
    status, error = gcp.put("f-refused", definition(), code)
    assert (status, reason in error) == (400, True), error


def test_another_cloud_has_no_functions_here(gcp: Deployments) -> None:
    status, error = Deployments(gcp.hosts, "aws").put("f-one", definition(), sample_zip("gcp", VERSION))
    assert (status, error) == (404, "'aws' is no cloud with functions here")


def test_code_that_does_not_start_is_told_and_its_traceback_is_in_the_log(gcp: Deployments) -> None:
    with pytest.raises(ProvisioningError, match="is not running: see its log"):
        gcp.deploy("import nothing_of_that_name", name="f-broken-code", public=True)
    assert "No module named 'nothing_of_that_name'" in gcp.log("f-broken-code")
    assert gcp.ask("GET", "f-broken-code", "/").status_code == 500
    with pytest.raises(ProvisioningError, match="not running"):
        gcp.deploy("def other(request): ...", name="f-no-main")
    assert "main" in gcp.log("f-no-main")


def test_what_requirements_do_not_name_cannot_be_imported(gcp: Deployments) -> None:
    with pytest.raises(ProvisioningError, match="not running"):
        gcp.deploy("import requests\ndef main(request): ...", name="f-needs-more")
    assert "No module named 'requests'" in gcp.log("f-needs-more")


def test_a_build_that_fails_says_pips_words_without_addresses(gcp: Deployments) -> None:
    with pytest.raises(ProvisioningError, match="No matching distribution found for l3kit-no-such-package") as caught:
        gcp.deploy(VERSION, name="f-unbuilt", requirements__txt="l3kit-no-such-package-anywhere==1\n")
    assert "://" not in str(caught.value)
    assert gcp.client.get("f-unbuilt") is None
