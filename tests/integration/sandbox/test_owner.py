"""A sandbox that a process started for itself ends with it, however that process ends; nobody's sandbox stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from l3kit import sandbox
from l3kit.errors import SandboxError
from l3kit.sandbox.homes import resolve_home
from l3kit.sandbox.owner import OWNER_VARIABLE, Owner, owner_of
from l3kit.sandbox.state import read_state
from tests.support.waiting import wait_until

pytestmark = pytest.mark.sandbox
ROOT = Path(__file__).resolve().parents[3]


def gone(pids: list[int]) -> Callable[[], bool]:
    def ended(pid: int) -> bool:
        try:
            return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return True

    return lambda: all(ended(pid) for pid in pids)


RUN = """
    import pathlib, time
    from l3kit.sandbox import ensure_up

    def test_that_never_ends():
        state = ensure_up("HOME", clouds=["aws"])
        (pathlib.Path("HOME") / "begun").touch()
        time.sleep(600)
"""


def test_a_killed_test_run_leaves_no_process_behind(tmp_path: Path) -> None:
    """Pytest with a worker, killed by the signal that nothing can catch; the sandbox is its worker's."""
    home = tmp_path / "home"
    (tmp_path / "test_it.py").write_text(textwrap.dedent(RUN).replace("HOME", str(home)))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "xdist",
        "-n",
        "1",
        "-p",
        "tests.conftest",
        "-p",
        "no:cacheprovider",
    ]
    command += ["--rootdir", str(tmp_path), "-c", "/dev/null", str(tmp_path)]
    environment = {name: value for name, value in os.environ.items() if name != OWNER_VARIABLE}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    with (tmp_path / "log").open("w") as log:
        run = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        assert wait_until((home / "begun").exists, 600), (tmp_path / "log").read_text()
        state = read_state(resolve_home(home))
        assert state is not None
        started = psutil.Process(run.pid).children(recursive=True)
        pids = [process.pid for process in started] + [process.pid for process in state.processes]
        assert len(set(pids)) >= 3, "a worker, the gateway and an emulator"
    finally:
        run.send_signal(signal.SIGKILL)
        run.wait()
    assert wait_until(gone(pids)), [pid for pid in pids if not gone([pid])()]


@pytest.mark.slow
def test_a_sandbox_without_owner_outlives_the_process_that_started_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(OWNER_VARIABLE)
    home = tmp_path / "home"
    code = "import sys; from l3kit import sandbox; sandbox.up(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, str(home)], check=True, timeout=600)
    try:
        time.sleep(2.5)  # the gateway looks for its owner every second
        assert sandbox.status(home) is not None
    finally:
        sandbox.down(home)


def test_a_later_process_with_the_owners_id_is_not_the_owner() -> None:
    me = owner_of(os.getpid())
    assert me is not None
    assert me.is_alive
    assert not Owner(me.pid, me.created - 3600).is_alive


@pytest.mark.parametrize("told", ["x", "-1", "99999999999999999999"])
def test_an_owner_that_does_not_run_is_refused(told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OWNER_VARIABLE, told)
    with pytest.raises(SandboxError, match=r"its owner, process .* is not running"):
        owner_of()


def test_nobody_owns_a_sandbox_where_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OWNER_VARIABLE, " ")
    assert owner_of() is None
