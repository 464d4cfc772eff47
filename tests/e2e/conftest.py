"""Notebooks run by papermill's own command, against a sandbox and a copy of the example twins of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from l3kit import sandbox

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ran:
    """What one papermill run left: exit code, what it printed, the output notebook's text, the result."""

    code: int
    printed: str
    notebook: str
    result: dict[str, Any]


@dataclass(frozen=True)
class Papermill:
    folder: Path
    home: Path

    @property
    def links(self) -> Path:
        """Where this sandbox keeps its twins' links."""
        return self.home.with_name(f"{self.home.name}-e2e") / "twins"

    def __call__(self, notebook: str, params: str = "", **parameters: Any) -> Ran:
        """Run a notebook, its result beside it; values of `parameters` override those of the params file `params`."""
        output, result = self.folder / f"{notebook}.ipynb", self.folder / f"{notebook}.json"
        for path in (output, result):
            path.unlink(missing_ok=True)
        parameters = {"sandbox": "e2e", "fresh": False, **parameters}
        command = [sys.executable, "-m", "papermill", "--no-progress-bar", "-k", "python3", "--cwd", str(ROOT)]
        command += [str(ROOT / "notebooks" / f"{notebook}.ipynb"), str(output), "-y", json.dumps(parameters)]
        command += ["-f", str(ROOT / "params" / f"{params}.yaml")] if params else []
        environment = {**os.environ, "L3KIT_SANDBOX_HOME": str(self.home)}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=800, check=False)
        return Ran(
            done.returncode,
            done.stdout + done.stderr,
            output.read_text() if output.exists() else "",
            json.loads(result.read_text()) if result.exists() else {},
        )


@pytest.fixture(scope="module")
def papermill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Papermill]:
    folder = tmp_path_factory.mktemp("papermill")
    home = folder / "home"
    yield Papermill(folder, home)
    sandbox.down(home.with_name("home-e2e"))


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example twins, so that links saved by the tests stay out of the project."""
    folder = tmp_path_factory.mktemp("twins")
    ignore = shutil.ignore_patterns("config_inter_cloud.json*", ".l3kit")
    shutil.copytree(ROOT / "params" / "twins", folder, dirs_exist_ok=True, ignore=ignore)
    return folder
