"""The wheel alone, in an empty folder without this repository, takes somebody from `init` to a queried twin."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOURS = 48
READINGS = 2 * HOURS

pytestmark = [pytest.mark.slow, pytest.mark.sandbox, pytest.mark.timeout(1800)]


class Installed:
    """A virtual environment with the wheel, and a folder to work in."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "venv" / "bin"
        self.folder = folder / "work"
        self.folder.mkdir()

    def run(self, *command: str, code: int = 0) -> str:
        """Run a program of the environment as its user would. Returns: what it printed."""
        ours = ("PYTHON", "VIRTUAL_ENV", "L3KIT_", "PYTEST_", "JUPYTER_")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        environment["PATH"] = f"{self.bin}{os.pathsep}{environment['PATH']}"
        done = subprocess.run(
            [str(self.bin / command[0]), *command[1:]],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
        assert done.returncode == code, f"{' '.join(command)}: {done.stdout[-2000:]}{done.stderr[-3000:]}"
        return done.stdout

    def papermill(self, notebook: str, *parameters: str) -> dict[str, Any]:
        """Run one of the project's notebooks in the sandbox. Returns: its result."""
        out = f"build/{notebook}.ipynb"
        (self.folder / "build").mkdir(exist_ok=True)
        self.run("papermill", f"notebooks/{notebook}.ipynb", out, "-f", f"params/{notebook}.sandbox.yaml", *parameters)
        result: dict[str, Any] = json.loads((self.folder / out).with_suffix(".json").read_text())
        assert result["verdict"] == "passed"
        return result


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    uv = Path(sys.executable).with_name("uv")
    steps = [
        [*pip, "wheel", "--no-deps", "-w", str(folder), str(ROOT)],
        [sys.executable, "-m", "venv", str(folder / "venv")],
    ]
    for step in steps:
        subprocess.run(step, check=True, timeout=600, cwd=folder)
    (wheel,) = folder.glob("l3kit-*.whl")
    python = str(folder / "venv" / "bin" / "python")
    install = (
        [str(uv), "pip", "install", "--quiet", "--python", python]
        if uv.exists()
        else [*pip, "--python", python, "install"]
    )
    for wanted in (["--require-hashes", "-r", str(ROOT / "requirements.lock")], ["--no-deps", str(wheel)]):
        subprocess.run([*install, *wanted], check=True, timeout=1200, cwd=folder)
    installed = Installed(folder)
    try:
        yield installed
    finally:
        installed.run("l3kit", "sandbox", "down", "--all")


def test_from_the_wheel_to_a_queried_twin_with_data_of_ones_own(installed: Installed) -> None:
    flags = ("--layout", "aws-azure-gcp", "--hot-days", "7", "--cold-days", "90", "--devices", "pump-1,pump-2")
    installed.run("l3kit", "init", "plant", "--examples", *flags)
    installed.folder /= "plant"
    assert str(ROOT) not in installed.run("python", "-c", "import l3kit; print(l3kit.__file__)")
    assert "0 as they were" in installed.papermill("deploy_l3")["summary"]

    began = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=30)
    rows = [
        f"{device},{began + timedelta(hours=hour):%Y-%m-%dT%H:%M:%SZ},{hour}.50"
        for device in ("pump-1", "pump-2")
        for hour in range(HOURS)
    ]
    (installed.folder / "readings.csv").write_text("\n".join(["device,time,value", *rows, ""]))
    loaded = installed.run("l3kit", "load", "params/deploy_l3.sandbox.yaml", "readings.csv", "--json")
    assert json.loads(loaded)["summary"]

    assert installed.papermill("run_movers")["items_to_cold"] == READINGS
    assert installed.papermill("verify_connections")["passed"]
    assert sum(installed.papermill("query_tiers")["items"].values()) == HOURS
    installed.papermill("letters")
    installed.papermill("operations")
    check_verbs(installed)
    check_ends(installed)
    installed.papermill("destroy_l3")


def check_verbs(installed: Installed) -> None:
    """Run each verb that has not been run on the deployed twin, without naming it: the folder is its project."""

    def answer(*words: str) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(installed.run("l3kit", *words, "--json"))
        return told

    assert installed.run("l3kit", "--version").startswith("l3kit ")
    installed.run("l3kit", "plan", "--exit-code")
    assert "nothing to change" in installed.run("l3kit", "apply", "--yes")
    installed.run("l3kit", "rotate", "--yes")
    assert answer("simulate", "--count", "4", "--rate", "0")
    assert "dry run: 0 items" in installed.run("l3kit", "run", "hot-to-cold-mover", "--dry-run")
    installed.run("l3kit", "run", "hot-to-cold-mover")
    installed.run("l3kit", "run", "cold-to-archive-mover")
    assert "pump-2" in installed.run("l3kit", "pause", "pump-2")
    assert "pump-2" in installed.run("l3kit", "resume", "pump-2")
    for verb in ("verify", "tiers", "journal", "letters", "runs", "audit"):
        assert answer(verb)["summary"], verb
    for verb in ("query", "explain"):
        assert "pump-1" in installed.run("l3kit", verb, "pump-1"), verb
    installed.run("l3kit", "replay", "--dry-run")
    assert "hot-to-cold-mover" in installed.run("l3kit", "logs", "hot-to-cold-mover")
    assert "plant" in installed.run("l3kit", "sandbox", "list")
    installed.run("l3kit", "sandbox", "status", "--name", "plant")
    assert "`dynamodb`" in installed.run("l3kit", "permissions", "aws")
    assert "aws-azure-gcp" in installed.run("l3kit", "cost", "layouts", "params/cost_analysis.sandbox.yaml")
    assert installed.run("l3kit", "cost", "plan")


def check_ends(installed: Installed) -> None:
    """Add alarms and expiry to the twin, hold a device, and erase it once the hold is lifted."""
    config = installed.folder / "twin" / "config.json"
    more = {"archive_storage_size_in_days": 365, "notify": ["ops@example.com"]}
    config.write_text(json.dumps(json.loads(config.read_text()) | more))
    installed.run("l3kit", "apply", "--yes")
    alarms = installed.run("l3kit", "alarms")
    assert "plant-hot-to-cold-mover-failed" in alarms
    assert "ops@example.com waits for its confirmation" in alarms
    assert "dry run: 0 items" in installed.run("l3kit", "run", "archive-expirer", "--dry-run")
    assert "pump-2 is held" in installed.run("l3kit", "hold", "pump-2", "--reason", "a dispute")
    installed.run("l3kit", "erase", "pump-2", "--confirm", "pump-2", code=1)
    assert "nothing is held" in installed.run("l3kit", "hold", "pump-2", "--release")
    installed.run("l3kit", "erase", "pump-2", "--confirm", "pump-2", "--no-wait")  # no run may put back what is not due
    assert installed.run("l3kit", "query", "pump-2").startswith("0 readings of pump-2")
    assert f"{HOURS + 2} readings of pump-1" in installed.run("l3kit", "query", "pump-1"), "two are simulated"


@pytest.mark.parametrize("notebook", ["walkthrough", "crash_lab", "cost_analysis"])
def test_the_examples_run_from_the_wheel_in_a_project_of_ones_own(installed: Installed, notebook: str) -> None:
    assert (installed.folder / f"notebooks/{notebook}.ipynb").exists(), "init brings them out in the test above"
    assert installed.papermill(notebook)["summary"]
