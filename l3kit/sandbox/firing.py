"""Trigger a sandbox's schedules by hand, whether they are separate from functions or belong to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from l3kit.errors import SandboxError
from l3kit.sandbox.cloud import ScheduleFiring, fireable, gateway_cloud, sandbox_cloud, scheduled_functions
from l3kit.sandbox.homes import did_you_mean
from l3kit.sandbox.lifecycle import status
from l3kit.sandbox.listing import not_up
from l3kit.sandbox.state import SandboxState


def running(home: Path | str | None = None) -> SandboxState:
    """The running sandbox of this home. Raises: SandboxError with the reason if it is not running."""
    state = status(home)
    if state is None:
        raise not_up(home)
    return state


def fire_schedule(
    name: str, group: str = "default", time: str | None = None, *, home: Path | str | None = None
) -> ScheduleFiring:
    """Invoke the target of a schedule of the default cloud with its input and wait for the result.

    Args:
        time: scheduled time in the event, ISO 8601; None for now.
    Raises: SandboxError if the sandbox is not running, or the schedule is missing, disabled or has no function.
    """
    state, cloud = running(home), gateway_cloud()
    fire = sandbox_cloud(cloud).fire_schedule
    if fire is None:
        raise SandboxError(f"schedule {group}/{name}", f"cannot be fired on {cloud}", _remedy(state, cloud, name))
    return fire(state, name, group, time, lambda: _remedy(state, cloud, name))


def fire_function(name: str, cloud: str, time: str | None = None, *, home: Path | str | None = None) -> dict[str, Any]:
    """Trigger the schedule of a function on a cloud whose schedules belong to its functions, and wait for its end.

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
