"""The sandbox and everything that reaches it are deaf to the shell's proxies and cloud variables."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from l3kit import sandbox as l3kit_sandbox
from l3kit.sandbox import SandboxState
from tests.support.twin_life import HOSTILE, hostile_shell

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]
ROOT = Path(__file__).parents[3]


def live(home: Path, layout: str, folder: Path) -> dict[str, object]:
    command = [sys.executable, "-m", "tests.support.twin_life", str(home), layout]
    done = subprocess.run(
        command, cwd=ROOT, env=hostile_shell(folder), capture_output=True, text=True, timeout=800, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_a_twin_lives_in_a_hostile_shell(all_clouds: SandboxState, tmp_path: Path) -> None:
    lived = live(all_clouds.home, "gcp-aws-azure", tmp_path)
    assert lived["digits"] == {"hot": 5_000, "archive": 4}
    assert lived["failed"] == []
    assert lived["destroyed"]


@pytest.mark.parametrize("layout", ["aws-azure-gcp", "azure-gcp-aws"])
def test_a_sandbox_starts_in_a_hostile_shell_and_its_processes_see_nothing_of_it(layout: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    command = [sys.executable, "-m", "l3kit.cli", "sandbox", "up", "--home", str(home), "--clouds", "azure,gcp"]
    try:
        subprocess.run(command, cwd=ROOT, env=hostile_shell(tmp_path), capture_output=True, timeout=800, check=True)
        state = l3kit_sandbox.status(home)
        assert state is not None
        for process in state.processes:
            seen = psutil.Process(process.pid).environ()
            assert not [name for name, value in HOSTILE.items() if seen.get(name) == value]
        if layout == "azure-gcp-aws":
            assert live(home, layout, tmp_path)["failed"] == []
    finally:
        l3kit_sandbox.down(home)
