"""Trigger a sandbox's schedules by hand: EventBridge schedules, Azure timers and Cloud Scheduler jobs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from l3kit.errors import SandboxError
from l3kit.sandbox.cloud import scheduled_functions
from l3kit.sandbox.gateway_calls import request
from l3kit.sandbox.homes import did_you_mean
from l3kit.sandbox.lifecycle import HEALTH_SECONDS, status
from l3kit.sandbox.listing import not_up
from l3kit.sandbox.state import SandboxState

DEFAULT_CLOUD = "aws"
"""The cloud whose schedules are meant where none is named."""


@dataclass(frozen=True, slots=True)
class ScheduleFiring:
    """Result of a manually triggered schedule.

    Attributes:
        event: JSON text that the function received.
        payload: JSON text that it returned.
        function_error: Lambda's error type; None if the handler returned.
        log_tail: last 4 KB of the invocation's log.
    """

    schedule: str
    group: str
    function: str
    event: str
    payload: str
    function_error: str | None
    request_id: str
    log_tail: str

    def result(self) -> Any:
        return json.loads(self.payload)


@dataclass(frozen=True, slots=True)
class Fireable:
    """An AWS schedule, or a function with a timer or a scheduler job."""

    cloud: str
    name: str
    group: str = ""

    def __str__(self) -> str:
        group = f" --group {self.group}" if self.group not in ("", "default") else ""
        return f"{self.name}{group}" if self.cloud == "aws" else f"{self.name} --cloud {self.cloud}"


def running(home: Path | str | None = None) -> SandboxState:
    """The running sandbox of this home. Raises: SandboxError with the reason if it is not running."""
    state = status(home)
    if state is None:
        raise not_up(home)
    return state


def fireable(state: SandboxState) -> list[Fireable]:
    """The schedules that can be triggered, by cloud and name. Raises: SandboxError; ProvisioningError."""
    found: list[Fireable] = []
    if "aws" in state.clouds:
        code, answer = request(state.gateway, "GET", "/_sandbox/schedules", seconds=HEALTH_SECONDS)
        if code != 200:
            raise SandboxError("sandbox schedules", str(answer.get("error", code)), "Read the logs in its home")
        found += [Fireable("aws", one["name"], one["group"]) for one in answer["schedules"]]
    for cloud, host in scheduled_functions(state).items():
        found += [Fireable(cloud, function.name) for function in host.list() if host.timers(function.name)]
    return found


def fire_schedule(
    name: str, group: str = "default", time: str | None = None, *, home: Path | str | None = None
) -> ScheduleFiring:
    """Invoke a schedule's target with its Input and wait for the result.

    Args:
        time: scheduled time in the event, ISO 8601; None for now.
    Raises: SandboxError if the sandbox is not running, or the schedule is missing, disabled or has no function.
    """
    state = running(home)
    if "aws" not in state.clouds:  # asking moto would start it
        raise SandboxError(
            f"schedule {group}/{name}", "does not exist: AWS is not started", _remedy(state, "aws", name)
        )
    path = f"/_sandbox/schedules/{quote(group, safe='')}/{quote(name, safe='')}/fire"
    code, answer = request(state.gateway, "POST", path, json.dumps({"time": time}), seconds=1000)
    if code != 200:
        cause = str(answer.get("error", code))
        remedy = _remedy(state, "aws", name) if code == 404 else "Read the logs in the sandbox's home"
        raise SandboxError(f"schedule {group}/{name}", cause, remedy)
    return ScheduleFiring(**answer)


def fire_function(name: str, cloud: str, time: str | None = None, *, home: Path | str | None = None) -> dict[str, Any]:
    """Run what starts a function by schedule on another cloud than AWS, and wait for its end.

    Args:
        time: scheduled time, ISO 8601; None for now.
    Returns: `status`, `body` and `log_tail`. Raises: L3Error.
    """
    state = running(home)
    host = scheduled_functions(state).get(cloud)
    timers = host.timers(name) if host else {}
    if host is None or not timers:
        cause = f"has no schedule on {cloud}, or is not deployed"
        raise SandboxError(f"function {name}", cause, _remedy(state, cloud, name))
    return host.fire(name, next(iter(timers)), time)


def no_schedule_named(home: Path | str | None = None) -> SandboxError:
    """Error for `fire` without a schedule name; its remedy lists the names."""
    known = [str(one) for one in fireable(running(home))]
    remedy = f"Name one of: {', '.join(known)}" if known else "Deploy a twin first: this sandbox has no schedules"
    return SandboxError("fire", "no schedule is named", remedy)


def _remedy(state: SandboxState, cloud: str, name: str) -> str:
    known = fireable(state)
    if any(one.name == name and one.cloud != cloud for one in known):
        return f"Run `fire {next(one for one in known if one.name == name)}`"
    close = did_you_mean(name, [one.name for one in known], "schedules")
    return close if close.startswith("Did") or not known else f"Use one of {', '.join(str(one) for one in known)}"
