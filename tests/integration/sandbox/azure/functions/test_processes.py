"""The process behind an app: what it sees, how it ends, and what an update, a kill or a broken request does to it."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from l3kit.clouds.ports.function_host import Timer
from l3kit.sandbox.azure.function_apps import PLATFORM
from tests.integration.sandbox.azure.functions.apps import TINY, WHEN, ask, key_of, open_requests, whole_app
from tests.support.cloud_functions import World, azure_zip, serving
from tests.support.waiting import wait_until

pytestmark = pytest.mark.sandbox


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


def test_a_function_listens_on_loopback_only(world: World, app: str) -> None:
    assert ask(f"{app}/api/open").status_code == 200
    listening = [
        connection.laddr.ip
        for process in world.processes("azure", "the-app")
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening == ["127.0.0.1"]


@pytest.mark.slow
def test_the_load_balancer_gives_up_a_slow_request_and_the_run_goes_on(tmp_path: Path) -> None:
    impatient = replace(PLATFORM, limits=replace(PLATFORM.limits, http_seconds=3.0))
    with serving(tmp_path, impatient) as world:
        app = world.put("azure", "slow", whole_app(), settings=WHEN).url
        assert ask(f"{app}/api/do", params={"action": "sleep", "seconds": "8"}).status_code == 502
        assert "slept to the end" not in world.log("azure", "slow")
        assert wait_until(lambda: "slept to the end" in world.log("azure", "slow"))


def test_an_update_takes_over_at_once_and_lets_the_old_process_finish(world: World, tmp_path: Path) -> None:
    app = world.put("azure", "changing", whole_app(), settings=WHEN).url
    key = key_of(world, name="changing")
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(ask, f"{app}/api/do", params={"action": "wait", "file": str(tmp_path / "go")})
        assert wait_until(lambda: open_requests(world, "changing") == 1)
        try:
            world.put("azure", "changing", azure_zip(TINY))
            assert ask(f"{app}/api/run").text == "tiny"
        finally:
            (tmp_path / "go").touch()
        assert held.result().status_code == 200
    world.run(world.functions.end_idle())
    assert len(world.processes("azure", "changing")) == 1
    assert len(list(world.home.functions.glob("azure-changing-*"))) == 1
    assert key_of(world, name="changing") == key
    world.host("azure").delete("changing")


def test_an_idle_process_ends_and_the_next_request_starts_another(world: World) -> None:
    app = world.put("azure", "idle", whole_app(), settings=WHEN).url
    world.run(world.functions.end_idle())
    assert len(world.processes("azure", "idle")) == 1
    world.run(world.functions.end_idle(idle_seconds=0.0))
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
