"""The process behind a function: what it sees, how it ends, and that none outlives its gateway."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import requests

from l3kit.sandbox.state import Home
from tests.integration.sandbox.gcp.functions.functions import MAIN, TINY, ask, open_requests, served_again
from tests.support.cloud_functions import HOSTS, World, azure_zip, definition, gcp_zip, processes_of
from tests.support.waiting import wait_until

pytestmark = pytest.mark.sandbox


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


def test_a_function_listens_on_loopback_only(world: World, url: str) -> None:
    assert ask(url).status_code == 200
    listening = {
        connection.laddr.ip
        for process in world.processes("gcp", "the-function")
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


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


@pytest.mark.slow
def test_no_process_outlives_a_gateway_that_was_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.support.cloud_functions", str(tmp_path)]
    gateway = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[5])
    assert gateway.stdout is not None
    with contextlib.closing(gateway.stdout):
        endpoint = gateway.stdout.readline().strip()
    url = HOSTS["gcp"](endpoint).put("left", definition(public=True), gcp_zip(MAIN)).url
    azure = "import azure.functions as func\napp = func.FunctionApp()\n"
    HOSTS["azure"](endpoint).put("left", definition(), azure_zip(azure))
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
