"""Find and end the processes that a gateway started."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Callable

import psutil

from l3kit.errors import SandboxError
from l3kit.sandbox.state import Home, SandboxState, is_alive, read_state

STOP_SECONDS = 5.0
POLL_SECONDS = 0.05

children: dict[int, subprocess.Popen[bytes]] = {}
"""Gateways started by this process, kept so that their exit codes are collected and leave no zombies."""


def sweep(place: Home) -> bool:
    """End the processes in the state file and all others in that gateway's session. Returns whether any was running.

    The state file may be that of another version of l3kit.

    Raises: SandboxError if a process survives.
    """
    state = read_state(place, any_format=True)
    place.failure_file.unlink(missing_ok=True)
    if state is None or not state.processes:
        place.state_file.unlink(missing_ok=True)
        return False
    gateway = state.processes[0]
    found = False
    if gateway.is_alive():
        found = True
        with contextlib.suppress(psutil.Error):
            psutil.Process(gateway.pid).terminate()
        _wait(lambda: not gateway.is_alive(), STOP_SECONDS)
    remaining = session_members(gateway.pid, gateway.created, state)
    for process in remaining:
        found = True
        with contextlib.suppress(psutil.Error):
            process.kill()
    _wait(lambda: not any(_is_alive(process) for process in remaining), STOP_SECONDS)
    child = children.pop(gateway.pid, None)
    if child is not None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(1)
    survivors = [str(process.pid) for process in remaining if _is_alive(process)]
    if survivors:
        raise SandboxError("sandbox", f"processes {', '.join(survivors)} did not end", "End them with `kill -9`")
    place.state_file.unlink(missing_ok=True)
    return found


def session_members(session: int, created: float, state: SandboxState) -> list[psutil.Process]:
    """The gateway's living processes: members of its session, function instances included, and recorded ones.

    A session id is not reused while the session has members, so the id and the age identify it.
    """
    leader_is_other = psutil.pid_exists(session) and not is_alive(session, created) and not _is_zombie(session)
    recorded = {(process.pid, round(process.created)) for process in state.processes}
    members = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError, PermissionError):
            age_fits = process.create_time() >= created - 0.5
            in_session = not leader_is_other and age_fits and os.getsid(process.pid) == session
            known = (process.pid, round(process.create_time())) in recorded
            if (in_session or known) and _is_alive(process):
                members.append(process)
    return members


def _is_zombie(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _wait(done: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not done() and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
