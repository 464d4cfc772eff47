"""`l3kit erase` in a process of its own, which is killed: the real command's calls under the gateway's fault plans.

The process comes from a fork server that has everything imported, so a case costs no start. Its clock is the real one,
which waiting puts ahead; before the first wait it lets runs of movers end, which is what the waiting is for.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from l3kit.errors import L3Error
from l3kit.operate.erase.starting import erase
from l3kit.sandbox.faults import arranged
from l3kit.sandbox.state import Home, read_state
from l3kit.session import sandbox_session
from l3kit.twin.config import Twin
from tests.support.erasable import Ahead

CALLER = "eraser"
SECONDS = 600.0
TRIES = 8
"""Refused or unanswered calls in a row, after which a store's retries are used up."""
ALL = 1_000_000


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens, the gateway's action, to how many calls, and to which. `about`: text in their descriptions."""

    what: str
    action: arranged.Action
    times: int = 1
    about: str = ""


FAULTS = (
    Fault("killed before", "silence"),
    Fault("killed after", "silence_after"),
    Fault("answers lost", "lose_answer", TRIES),
    Fault("refused", "error_503", TRIES),
)
"""A killed process gets no answer to its last call."""
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__, "boto3", "l3kit.clouds.aws.cloud"])


@dataclass(frozen=True, slots=True)
class Ended:
    """A disturbed erase. `told`: its summary or error; empty if it was killed. `fired`: calls that were disturbed."""

    told: str
    calls: Sequence[str]
    fired: int


def disturbed(
    endpoint: str,
    home: Path,
    twin: Twin,
    device: str,
    fault: Fault = Fault("undisturbed", "watch"),
    at: int = 0,
    running: Sequence[Future[Any]] = (),
    late: Callable[[], None] | None = None,
) -> Ended:
    """Erase a device, with a fault at the `at`-th call.

    Args:
        running: runs of movers at the same time.
        late: what happens while the erase waits.
    """
    waits, quiet = _PROCESSES.Event(), _PROCESSES.Event()
    here, there = _PROCESSES.Pipe(duplex=False)
    armed = arranged.arm(endpoint, CALLER, fault.action, at=at, times=fault.times, about=fault.about)
    process = _PROCESSES.Process(target=_erase, args=(home, twin.path, device, waits, quiet, there), daemon=True)
    process.start()
    there.close()
    deadline = time.monotonic() + SECONDS
    while process.is_alive() and time.monotonic() < deadline:
        if late is not None and waits.is_set():
            late()
            late = None
        if late is None and all(one.done() for one in running):
            quiet.set()
        if fault.what.startswith("killed") and armed.fired():
            process.kill()
            break
        process.join(0.02)
    process.kill()
    process.join()
    told = _received(here)
    calls, fired = armed.disarm()
    return Ended(told, calls, fired)


def _received(pipe: Connection) -> str:
    try:
        return str(pipe.recv()) if pipe.poll() else ""
    except EOFError:
        return ""


def _erase(home: Path, folder: Path, device: str, waits: Event, quiet: Event, told: Connection) -> None:
    state = read_state(Home(home))
    assert state is not None
    twin = Twin.load(folder)
    session = sandbox_session(state, twin.layout.clouds)
    for cloud in session.clouds.values():
        cloud.agent = f"l3kit-{CALLER}/1"  # type: ignore[attr-defined]
    ahead = Ahead()

    async def sleep(seconds: float) -> None:
        waits.set()
        quiet.wait(SECONDS)
        await ahead.sleep(seconds)

    try:
        told.send(erase(session, twin, device, now=ahead.clock, sleep=sleep).summary())
    except L3Error as error:
        told.send(f"{type(error).__name__}: {error}")
