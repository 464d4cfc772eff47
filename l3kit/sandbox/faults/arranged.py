"""Arm a fault in a running sandbox: an action at chosen calls of one function.

plan = faults.arm(endpoint, "twin-hot-to-cold-mover", "kill_after", at=7)
...invoke the function...
print(plan.calls())
plan.disarm()
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any, Literal

from l3kit.errors import SandboxError
from l3kit.sandbox.gateway_calls import request

Action = Literal[
    "watch",
    "delay",
    "kill_before",
    "kill_after",
    "lose_answer",
    "error_500",
    "error_503",
    "throttle",
    "partial",
    "silence",
    "silence_after",
    "cut_answer",
    "pause_before",
    "pause_after",
    "deliver_again",
]
"""Faults that can be injected into a call.

- `watch`: only list the calls.
- `delay`: delay every call and its answer by a random time.
- `kill_before`: kill the caller's process before the request reaches the service.
- `kill_after`: kill it after the request has taken effect, before it reads the answer.
- `lose_answer`, `cut_answer`: carry the request out, then close the connection before, or in the middle of, the answer.
- `error_500`, `error_503`, `throttle`: refuse the request.
- `partial`: leave half of a batch unprocessed; of PartiQL statements, answer every second one as throttled.
- `silence`, `silence_after`: never answer, without or with taking effect.
- `pause_before`, `pause_after`: hold the request or the answer until `go_on`.
- `deliver_again`: carry out and answer, then carry out once more after `after` further calls, at `go_on` or at
  `deliver`, discarding the second answer. Refused for calls of Cloud Storage and Firestore.
"""
SECONDS = 30.0
"""Time limit of a request to the gateway."""
CALL_SECONDS = 300.0
"""Time for a function to start and reach a call, sufficient on a busy machine."""


@dataclass(frozen=True, slots=True)
class ArmedFault:
    """An armed fault. A function has one at a time; a new one replaces it and restarts the count."""

    endpoint: str
    caller: str

    def calls(self) -> list[str]:
        """Service, operation and object of each call of the function since the fault was armed."""
        found: list[str] = self._ask("GET")["calls"]
        return found

    def fired(self) -> int:
        """Number of calls that it has acted on."""
        return int(self._ask("GET")["fired"])

    def wait_until_held(self, seconds: float = CALL_SECONDS) -> bool:
        """Wait until a `pause_...` holds a call; False on timeout."""
        return self._wait("held", seconds)

    def wait_until_fired(self, seconds: float = CALL_SECONDS) -> bool:
        """Wait until it has acted on a call; False on timeout."""
        return self._wait("fired", seconds)

    def delivered(self) -> int:
        """Number of requests delivered a second time."""
        return int(self._ask("GET")["delivered"])

    def go_on(self, action: Action | None = None, at: int = 0) -> None:
        """Release a paused call and deliver waiting requests. Raises: SandboxError if there is neither.

        Args:
            action, at: next action and its call; counting continues, and the paused call may be hit.
        """
        self._ask("POST", "/go-on", None if action is None else {"action": action, "at": at})

    def deliver(self) -> int:
        """Deliver requests that still wait for their second delivery, and wait for those under way.

        Returns: number delivered a second time so far.
        """
        return int(self._ask("POST", "/deliver")["delivered"])

    def disarm(self) -> tuple[list[str], int]:
        """Disarm the fault. Returns: the calls, and the number of calls that it acted on."""
        content = self._ask("DELETE")
        return content["calls"], int(content["fired"])

    def _wait(self, what: str, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._ask("GET")[what]:
                return True
            time.sleep(0.01)
        return False

    def _ask(self, method: str, verb: str = "", body: dict[str, Any] | None = None) -> dict[str, Any]:
        path, text = f"/_sandbox/faults/{self.caller}{verb}", json.dumps(body) if body else ""
        status, content = request(self.endpoint, method, path, text, seconds=SECONDS)
        if status != 200:
            raise SandboxError(f"fault for {self.caller}", str(content.get("error", status)))
        return content


def arm(
    endpoint: str,
    caller: str,
    action: Action = "watch",
    *,
    at: int = 0,
    times: int = 1,
    writer: str | None = None,
    seed: int = 0,
    milliseconds: int = 20,
    after: int = 0,
    about: str = "",
) -> ArmedFault:
    """Arm a fault for the `at`-th call (from 1) that a function makes from now on.

    Args:
        endpoint: the sandbox's address.
        caller: name of the deployed function.
        times: number of consecutive calls that are hit.
        writer: name of the function whose URL the caller posts to; these posts count as its calls.
        seed, milliseconds: for `delay`: seed of the random delays, and their maximum.
        after: for `deliver_again`: number of further calls before the second delivery; 0 for `go_on` only.
        about: only calls whose description has this text are counted and hit.
    Raises: SandboxError.
    """
    plan = {
        "caller": caller,
        "action": action,
        "at": at,
        "times": times,
        "writer": writer,
        "seed": seed,
        "milliseconds": milliseconds,
        "after": after,
        "about": about,
    }
    status, content = request(endpoint, "POST", "/_sandbox/faults", json.dumps(plan), seconds=SECONDS)
    if status != 200:
        raise SandboxError(f"fault for {caller}", str(content.get("error", status)))
    return ArmedFault(endpoint, caller)
