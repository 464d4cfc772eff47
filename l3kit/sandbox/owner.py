"""Whose a sandbox is: one that a test run or an unattended notebook started for itself ends with that process."""

from __future__ import annotations

import os
from dataclasses import dataclass

import psutil

from l3kit.errors import SandboxError
from l3kit.sandbox.state import is_alive

OWNER_VARIABLE = "L3KIT_SANDBOX_OWNER"
"""Process id of the owner of every sandbox that is started with this variable set, by children too."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A process. `created` (seconds since 1970) tells it from a later one with the same id."""

    pid: int
    created: float

    @property
    def lives(self) -> bool:
        return is_alive(self.pid, self.created)


def owner_of(pid: int | None = None) -> Owner | None:
    """The process of that id; without one, that which the variable names, or None: nobody's sandbox stays.

    Raises: SandboxError where it does not run.
    """
    told = os.environ.get(OWNER_VARIABLE, "").strip() if pid is None else str(pid)
    if not told:
        return None
    try:
        return Owner(int(told), psutil.Process(int(told)).create_time())
    except (ValueError, OverflowError, psutil.Error):
        raise SandboxError(
            "sandbox",
            f"its owner, process {told!r}, does not run",
            f"Name a living process in {OWNER_VARIABLE}, or none",
        ) from None
