"""Trigger EventBridge schedules of the sandbox by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from l3kit.errors import SandboxError
from l3kit.sandbox.aws.account import NAME
from l3kit.sandbox.cloud import Fireable
from l3kit.sandbox.gateway_calls import HEALTH_SECONDS, request

if TYPE_CHECKING:
    from l3kit.sandbox.state import SandboxState


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


def schedules(state: SandboxState) -> Sequence[Fireable]:
    """Return the schedules that can be triggered. Raises: SandboxError."""
    code, answer = request(state.gateway, "GET", "/_sandbox/schedules", seconds=HEALTH_SECONDS)
    if code != 200:
        raise SandboxError("sandbox schedules", str(answer.get("error", code)), "Read the logs in its home")
    return [Fireable(NAME, one["name"], _options(one["group"])) for one in answer["schedules"]]


def _options(group: str) -> str:
    return "" if group in ("", "default") else f"--group {group}"


def fire(state: SandboxState, name: str, group: str, time: str | None, remedy: Callable[[], str]) -> ScheduleFiring:
    """Invoke a schedule's target with its Input and wait for the result.

    Args:
        remedy: returns the remedy for a schedule that does not exist.
    Raises: SandboxError if the schedule is missing, disabled or has no function.
    """
    resource = f"schedule {group}/{name}"
    if NAME not in state.clouds:  # asking moto would start it
        raise SandboxError(resource, "does not exist: AWS is not started", remedy())
    path = f"/_sandbox/schedules/{quote(group, safe='')}/{quote(name, safe='')}/fire"
    code, answer = request(state.gateway, "POST", path, json.dumps({"time": time}), seconds=1000)
    if code != 200:
        cause = str(answer.get("error", code))
        raise SandboxError(resource, cause, remedy() if code == 404 else "Read the logs in the sandbox's home")
    return ScheduleFiring(**answer)
