"""The process that a sandbox belongs to: a test run's or unattended notebook's sandbox ends with its process."""

from __future__ import annotations

import os
from dataclasses import dataclass

import psutil

from l3kit.errors import SandboxError
from l3kit.sandbox.state import is_alive

OWNER_VARIABLE = "L3KIT_SANDBOX_OWNER"
"""Process id of the owner of every sandbox started with this variable set; child processes inherit it."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A process. `created` (seconds since 1970) distinguishes it from a later one with the same id."""

    pid: int
    created: float

    @property
    def is_alive(self) -> bool:
        return is_alive(self.pid, self.created)


def owner_of(pid: int | None = None) -> Owner | None:
    """The owner with this process id, else the one named by `OWNER_VARIABLE`; None if neither is set.

    Raises: SandboxError if the process is not running.
    """
    given = os.environ.get(OWNER_VARIABLE, "").strip() if pid is None else str(pid)
    if not given:
        return None
    try:
        return Owner(int(given), psutil.Process(int(given)).create_time())
    except (ValueError, OverflowError, psutil.Error):
        raise SandboxError(
            "sandbox",
            f"its owner, process {given!r}, is not running",
            f"Set {OWNER_VARIABLE} to the id of a running process, or unset it",
        ) from None
