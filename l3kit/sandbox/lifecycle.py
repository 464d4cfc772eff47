"""Start, find and stop a sandbox."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from filelock import FileLock, Timeout

from l3kit.errors import SandboxError
from l3kit.extras import require_extra
from l3kit.files import UNWRITABLE, private, refusal
from l3kit.sandbox.cloud import Progress, sandbox_cloud
from l3kit.sandbox.emulators import start_failure
from l3kit.sandbox.gateway_calls import HEALTH_SECONDS, request
from l3kit.sandbox.homes import resolve_home
from l3kit.sandbox.lifetime import IDLE_HOURS
from l3kit.sandbox.owner import Owner, owner_of
from l3kit.sandbox.processes import POLL_SECONDS, children, sweep
from l3kit.sandbox.shell import gateway_environment
from l3kit.sandbox.state import DISK_EXIT, Home, SandboxState, read_state

START_SECONDS = 60.0
LOCK_SECONDS = 400.0


def up(
    home: Path | str | None = None,
    progress: Progress | None = None,
    *,
    idle_hours: float = IDLE_HOURS,
    owner: int | None = None,
) -> SandboxState:
    """Start the sandbox of this home, or return the running one; concurrent callers get the same one.

    Args:
        home: folder for logs and state; None for `default_home`.
        progress: called with a description of each step.
        idle_hours: the sandbox stops after this time without a request.
        owner: process id; a newly started sandbox ends with that process (`owner_of`).
    The clouds' services start on first use; `ensure_up` starts those of some clouds immediately.
    Raises: SandboxError with the last lines of the log if it does not start; ConfigurationError if the extra is not
        installed.
    """
    require_extra("sandbox", "the sandbox")
    report = progress or (lambda _: None)
    place = resolve_home(home)
    with _locked(place):
        running = _running(place)
        if running is not None:
            report("the sandbox is already running")
            return running
        if sweep(place):
            report("ended a sandbox that another version of l3kit had started, or that did not answer")
        report("starting the gateway")
        _clear(place)
        return _start(place, idle_hours, owner_of(owner))


def ensure_up(
    home: Path | str | None = None,
    progress: Progress | None = None,
    *,
    clouds: Collection[str] = (),
    owner: int | None = None,
) -> SandboxState:
    """The running sandbox of this home with these clouds' services, started as needed.

    Args:
        clouds: by name. DynamoDB's emulator starts with the first call that is made to it.
        owner: process id; a newly started sandbox ends with that process (`owner_of`).
    Raises: SandboxError naming what did not start, with the last lines of its log; ConfigurationError for a cloud that
        is not known.
    """
    state = status(home) or up(home, progress, owner=owner)
    missing = {name: sandbox_cloud(name) for name in dict.fromkeys(clouds) if name not in state.clouds}
    if not missing:
        return state
    report = progress or (lambda _: None)
    try:
        for cloud in missing.values():
            cloud.install(report)
    except OSError as error:  # npm's cache
        raise _unusable(Home(state.home), error) from None
    report(f"starting {', '.join(cloud.services for cloud in missing.values())}")
    with ThreadPoolExecutor(len(missing)) as pool:
        for started in [pool.submit(_start_cloud, state, name) for name in missing]:
            started.result()
    return status(home) or state


def _start_cloud(state: SandboxState, cloud: str) -> None:
    body = json.dumps({"cloud": cloud})
    code, answer = request(state.gateway, "POST", "/_sandbox/clouds", body, seconds=START_SECONDS)
    if code != 200:
        error = answer.get("error")
        if isinstance(error, dict):
            raise SandboxError(error["resource"], error["cause"], error["remedy"])
        raise SandboxError(f"sandbox: {cloud}", f"was not started ({error})", "Read the logs in the sandbox's home")


def status(home: Path | str | None = None) -> SandboxState | None:
    """The running sandbox of this home, or None. Read-only: nothing is started, stopped or cleaned."""
    return _running(resolve_home(home))


def down(home: Path | str | None = None) -> bool:
    """Stop the sandbox and every process it started, including those left by a crash. Its logs stay.

    Returns whether anything was running. Raises: SandboxError if a process cannot be killed.
    """
    place = resolve_home(home)
    if not place.root.is_dir():
        return False
    with _locked(place):
        stopped = sweep(place)
        for folder in (place.functions, place.runtime, place.twins, place.clouds, place.inbox):
            shutil.rmtree(folder, ignore_errors=True)
    return stopped


def _start(place: Home, idle_hours: float, owner: Owner | None) -> SandboxState:
    log = place.log("gateway")
    command = [
        *(sys.executable, "-m", "l3kit.sandbox.gateway", "--home", str(place.root)),
        *("--idle-seconds", str(idle_hours * 3600)),
        *(("--owner", str(owner.pid), repr(owner.created)) if owner else ()),
    ]
    with open(log, "wb", opener=private) as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=place.root,
            env=_gateway_environment(),
        )
    children[process.pid] = process
    try:
        return _ready(place, process)
    except KeyboardInterrupt:
        process.kill()
        process.wait()
        raise


def _ready(place: Home, process: subprocess.Popen[bytes]) -> SandboxState:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        state = read_state(place)
        if state is not None and state.processes[0].pid == process.pid and _answers(state):
            return state
        if process.poll() is not None:
            number = process.returncode - DISK_EXIT
            if number in UNWRITABLE:
                raise _unusable(place, OSError(number, os.strerror(number)))
            raise _failure(place, f"ended with exit code {process.returncode} while starting")
        time.sleep(POLL_SECONDS)
    process.kill()
    process.wait()
    raise _failure(place, f"was not ready after {START_SECONDS:.0f} s")


def _failure(place: Home, cause: str) -> SandboxError:
    try:
        failure = json.loads(place.failure_file.read_text("utf-8"))
        return SandboxError(failure["resource"], failure["cause"], failure["remedy"])
    except (OSError, ValueError, KeyError):
        return start_failure("gateway", cause, place.log("gateway"))


def _running(place: Home) -> SandboxState | None:
    state = read_state(place)
    if state is None or not all(process.is_alive() for process in state.processes):
        return None
    return state if _answers(state) else None


def _answers(state: SandboxState) -> bool:
    """Return whether the gateway answers its health check, for which it calls each running emulator."""
    try:
        code, answer = request(state.gateway, "GET", "/_sandbox/health", seconds=HEALTH_SECONDS)
    except SandboxError:
        return False
    return code == 200 and answer.get("pid") == state.processes[0].pid


def _clear(place: Home) -> None:
    """Remove functions and links: a new sandbox begins empty, since emulators forget everything when they stop."""
    for folder in (place.functions, place.runtime, place.logs, place.twins, place.clouds, place.inbox):
        shutil.rmtree(folder, ignore_errors=True)
    place.end_file.unlink(missing_ok=True)
    for folder in (place.logs, place.functions, place.twins):
        folder.mkdir(mode=0o700)


@contextlib.contextmanager
def _locked(place: Home) -> Iterator[None]:
    try:
        place.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(place.lock_file, timeout=LOCK_SECONDS, mode=0o600):
            yield
    except Timeout:
        raise SandboxError(
            "sandbox", f"another process has been starting or stopping it for {LOCK_SECONDS:.0f} s", "Try again"
        ) from None
    except OSError as error:
        raise _unusable(place, error) from None


def _unusable(place: Home, error: OSError) -> SandboxError:
    cause, remedy = refusal(error)
    where = f"{cause}: {error.filename}" if error.filename else cause
    return SandboxError(f"sandbox home {place.root}", f"cannot be used ({where})", remedy)


def _gateway_environment() -> dict[str, str]:
    env = gateway_environment()
    # The program may run from a checkout that is not installed; its gateway must import the same l3kit.
    package_root = str(Path(__file__).resolve().parents[2])
    env["PYTHONPATH"] = os.pathsep.join(p for p in (package_root, env.get("PYTHONPATH", "")) if p)
    return env
