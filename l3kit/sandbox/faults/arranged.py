"""Arranging a fault in a running sandbox: what happens at which of a function's calls.

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
"""What to do.

`watch` only lists the calls. `delay` holds every call and its answer up, at random. `kill_before`: the caller's process
is killed before its request reaches the service; `kill_after`: after it has taken effect, before the answer is read.
`lose_answer`: it takes effect, the connection breaks; `cut_answer`: it breaks in the middle of the answer. `error_500`,
`error_503`, `throttle`: refused. `partial`: half of a batch is left unprocessed, of PartiQL statements every second one
is answered as throttled. `silence`, `silence_after`: no answer, without or with effect. `pause_before`, `pause_after`:
held until `go_on`. `deliver_again`: carried out and answered, and once more `after` further calls or at `go_on`, when
nobody waits for the answer; not for Cloud Storage and Firestore, which refuse a call that is due for it.
"""
SECONDS = 30.0
"""For a request to the gateway itself."""
CALL_SECONDS = 300.0
"""For a function to start and to come to a call; on a busy machine that takes long."""


@dataclass(frozen=True, slots=True)
class ArmedFault:
    """A fault that waits for its call. One function has one at a time; a new one replaces it and counts anew."""

    endpoint: str
    caller: str

    def calls(self) -> list[str]:
        """Service, operation and object of each of the function's calls since it was armed."""
        found: list[str] = self._ask("GET")["calls"]
        return found

    def fired(self) -> int:
        """On how many calls it has acted."""
        return int(self._ask("GET")["fired"])

    def wait_until_held(self, seconds: float = CALL_SECONDS) -> bool:
        """Wait for a `pause_...`; False where the call did not come in time."""
        return self._wait("held", seconds)

    def wait_until_fired(self, seconds: float = CALL_SECONDS) -> bool:
        """Wait until it has acted; False where the call did not come in time."""
        return self._wait("fired", seconds)

    def delivered(self) -> int:
        """How many requests have been delivered a second time."""
        return int(self._ask("GET")["delivered"])

    def go_on(self, action: Action | None = None, at: int = 0) -> None:
        """Let a paused call go on, and deliver what waits for it. Raises: SandboxError where there is neither.

        Args:
            action, at: what is to happen next, at which call; the paused one may be hit, and counts on.
        """
        self._ask("POST", "/go-on", None if action is None else {"action": action, "at": at})

    def disarm(self) -> tuple[list[str], int]:
        """Remove it. Returns: the calls, and on how many it acted."""
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
) -> ArmedFault:
    """Arrange what happens at the `at`-th call (from 1) that a function makes from now on.

    Args:
        endpoint: the sandbox's address.
        caller: name of the deployed function.
        times: how many calls in a row are hit.
        writer: name of the function whose URL the caller posts to; these posts count as its calls.
        seed, milliseconds: for `delay`: of the random delays, and how long each is at most.
        after: for `deliver_again`: how many further calls later the request comes again; 0 is at `go_on` alone.
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
    }
    status, content = request(endpoint, "POST", "/_sandbox/faults", json.dumps(plan), seconds=SECONDS)
    if status != 200:
        raise SandboxError(f"fault for {caller}", str(content.get("error", status)))
    return ArmedFault(endpoint, caller)
