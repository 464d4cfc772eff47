"""The layers of docs/architecture.md hold, and a contract that is broken is noticed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CHECK = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def check_layers(folder: Path) -> subprocess.CompletedProcess[str]:
    """`lint-imports` on the package in that folder."""
    command = [sys.executable, "-c", CHECK, "pyproject.toml", "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_every_contract_is_kept() -> None:
    done = check_layers(ROOT)
    assert done.returncode == 0, done.stdout
    assert "5 kept, 0 broken" in done.stdout


def test_an_import_from_above_is_found_even_for_types_alone(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    for path in (ROOT / "l3kit").rglob("*.py"):
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    with (tmp_path / "l3kit" / "twin" / "naming.py").open("a") as file:
        file.write("\nif TYPE_CHECKING:\n    from l3kit.session import Session\n")
    done = check_layers(tmp_path)
    assert done.returncode != 0
    assert "l3kit.twin.naming -> l3kit.session" in done.stdout
