"""Trigger EventBridge schedules of the sandbox by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from l3kit.errors import SandboxError
from l3kit.sandbox.aws.account import NAME
from l3kit.sandbox.cloud import Fireable, ScheduleFiring
from l3kit.sandbox.gateway_calls import HEALTH_SECONDS, request

if TYPE_CHECKING:
    from l3kit.sandbox.state import SandboxState


def schedules(state: SandboxState) -> Sequence[Fireable]:
    """Return the schedules that can be triggered. Raises: SandboxError."""
    code, answer = request(state.gateway, "GET", "/_sandbox/schedules", seconds=HEALTH_SECONDS)
    if code != 200:
        raise SandboxError("sandbox schedules", str(answer.get("error", code)), "Read the logs in its home")
    return [Fireable(NAME, one["name"], _options(one["group"])) for one in answer["schedules"]]


def _options(group: str) -> str:
    return "" if group in ("", "default") else f"--group {group}"


def fire(state: SandboxState, name: str, group: str, time: str | None, remedy: Callable[[], str]) -> ScheduleFiring:
    """Fire a schedule: `FireSchedule`."""
    resource = f"schedule {group}/{name}"
    if NAME not in state.clouds:  # asking moto would start it
        raise SandboxError(resource, "does not exist: AWS is not started", remedy())
    path = f"/_sandbox/schedules/{quote(group, safe='')}/{quote(name, safe='')}/fire"
    code, answer = request(state.gateway, "POST", path, json.dumps({"time": time}), seconds=1000)
    if code != 200:
        cause = str(answer.get("error", code))
        raise SandboxError(resource, cause, remedy() if code == 404 else "Read the logs in the sandbox's home")
    return ScheduleFiring(**answer)
