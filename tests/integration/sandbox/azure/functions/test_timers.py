"""Timers, and the limit of a run."""

from __future__ import annotations

import json

import pytest

from l3kit.clouds.ports.function_host import Timer
from l3kit.errors import L3Error, ProvisioningError
from tests.integration.sandbox.azure.functions.apps import WHEN, ask, key_of, whole_app
from tests.support.cloud_functions import World

pytestmark = pytest.mark.sandbox


def test_a_timer_is_run_by_hand_and_its_outcome_told(world: World, app: str) -> None:
    host = world.host("azure")
    assert host.timers("the-app") == {"tick": Timer("0 0 3 * * *", "fired")}
    outcome = host.fire("the-app", "tick")
    assert outcome == {"status": 200, "body": "{}", "log_tail": "tick False\n"}
    with pytest.raises(L3Error, match="no schedule tock"):
        host.fire("the-app", "tock")
    with pytest.raises(L3Error, match="ISO-8601"):
        host.fire("the-app", "tick", "yesterday")


def test_the_admin_route_runs_a_timer_for_the_master_key_alone(world: World, app: str) -> None:
    def start(key: str, name: str = "tick") -> int:
        headers = {"x-functions-key": key}
        return ask(f"{app}/admin/functions/{name}", "POST", json={"input": ""}, headers=headers).status_code

    assert start("") == start(key_of(world)) == 401
    assert start(key_of(world, "master_key")) == 200
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


def test_a_timer_with_a_schedule_that_is_none_is_not_active(world: World) -> None:
    with pytest.raises(ProvisioningError, match="not a valid NCRONTAB expression"):
        world.put("azure", "broken-timer", whole_app(), settings={"WHEN": "0 3 * * *"})
    world.host("azure").delete("broken-timer")
