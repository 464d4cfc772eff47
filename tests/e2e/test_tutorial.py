"""Every command of docs/tutorial/first_twin.md runs as a reader types it, and prints what the page shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.shown_output import first_line_not_printed

PAGE = Path(__file__).parents[2] / "docs" / "tutorial" / "first_twin.md"
INSTALLS = ("make venv", ". .venv/bin/activate")
"""Commands that this test has behind it: it runs in a checkout's environment."""

pytestmark = [pytest.mark.slow, pytest.mark.sandbox, pytest.mark.timeout(1800)]


def steps(text: str) -> Iterator[tuple[str, str]]:
    """Each block of the page that is not prose: its language and its text."""
    yield from re.findall(r"^```(\w+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


class Reader:
    """Somebody who types the commands of the page, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ours = ("L3KIT_", "PYTEST_", "JUPYTER_")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        self.environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environment["L3KIT_SANDBOX_OWNER"] = str(os.getpid())

    def types(self, command: str) -> str:
        """Type a command. Returns: what it prints on standard output."""
        if command.startswith("cd "):
            self.folder /= command.removeprefix("cd ")
            return ""
        done = subprocess.run(
            command.split(), cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-3000:]}"
        return done.stdout


def test_every_step_of_the_tutorial_runs_and_prints_what_is_shown(tmp_path: Path) -> None:
    reader, printed, commands = Reader(tmp_path), "", 0
    try:
        for language, text in steps(PAGE.read_text("utf-8")):
            if language == "csv":
                (reader.folder / "pumps.csv").write_text(text, "utf-8")
            elif language == "text":
                assert first_line_not_printed(text, printed) is None, printed
            else:
                for command in text.splitlines():
                    if command not in INSTALLS:
                        printed = reader.types(command)
                        commands += 1
    finally:
        if (reader.folder / "twin").exists():
            reader.types("l3kit sandbox down --name plant-7")
    assert commands > 10
