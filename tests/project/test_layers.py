"""The layers of docs/explanation/architecture.md hold, and a contract that is broken is noticed."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from l3kit.providers import BUILT_IN

ROOT = Path(__file__).parents[2]
MAY_NAME_CLOUDS = (
    *("clouds/*", "examples/*", "prices/*", "providers.py"),
    *(f"sandbox/{folder}/*" for folder in BUILT_IN),
)
"""Of l3kit/: what is about single clouds, or shows or prices them."""
A_CLOUD = re.compile(rf"(?<![a-z])({'|'.join(BUILT_IN)})(?![a-z])")
CHECK = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def check_layers(folder: Path) -> subprocess.CompletedProcess[str]:
    """`lint-imports` on the package in that folder."""
    command = [sys.executable, "-c", CHECK, "pyproject.toml", "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_every_contract_is_kept() -> None:
    done = check_layers(ROOT)
    assert done.returncode == 0, done.stdout
    assert "10 kept, 0 broken" in done.stdout


@pytest.mark.parametrize(
    ("module", "line", "told"),
    [
        ("twin/naming.py", "if TYPE_CHECKING:\n    from l3kit.session import Session", "twin.naming -> l3kit.session"),
        ("cli/cost.py", "def late():\n    import l3kit.clouds.aws.names", "l3kit.cli.cost -> l3kit.clouds.aws.names"),
        ("sandbox/gateway.py", "import l3kit.clouds.gcp.names", "l3kit.sandbox.gateway -> l3kit.clouds.gcp.names"),
        ("sandbox/gateway.py", "import l3kit.sandbox.aws.s3", "l3kit.sandbox.gateway -> l3kit.sandbox.aws.s3"),
    ],
    ids=[
        "from above, for types alone",
        "a cloud, inside a function",
        "a cloud, in a neutral part of the sandbox",
        "a cloud's sandbox, in a neutral part of the sandbox",
    ],
)
def test_a_forbidden_import_is_found(tmp_path: Path, module: str, line: str, told: str) -> None:
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    for path in (ROOT / "l3kit").rglob("*.py"):
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    with (tmp_path / "l3kit" / module).open("a") as file:
        file.write(f"\n{line}\n")
    done = check_layers(tmp_path)
    assert done.returncode != 0
    assert told in done.stdout


def named_clouds(text: str, *, within: bool = False) -> Iterator[int]:
    """Lines with the name of a built-in cloud as a string; `within`: also as a part of one that is no docstring."""
    tree = ast.parse(text)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            part = within and id(node) not in docstrings and A_CLOUD.search(node.value)
            if node.value in BUILT_IN or part:
                yield node.lineno


def test_a_clouds_name_is_found_in_code_and_not_in_docstrings() -> None:
    assert list(named_clouds('"""aws"""\n"""gcp, azure"""\nx = {"azure": 1}  # "aws"\n')) == [1, 3]
    assert not list(named_clouds('"""About aws."""\nx = "AWS"\n'))


def test_a_clouds_name_is_found_within_a_path_and_not_within_a_word() -> None:
    assert list(named_clouds('"""/_gcp/ in words"""\nx = "/_azure/"\ny = f"{x}-aws-1"\n', within=True)) == [2, 3]
    assert not list(named_clouds('x = "laws"\ny = "AWS_"\n', within=True))


def test_no_neutral_part_of_the_sandbox_speaks_of_a_cloud_by_name() -> None:
    paths = {p.relative_to(ROOT / "l3kit").as_posix(): p for p in sorted((ROOT / "l3kit/sandbox").rglob("*.py"))}
    neutral = [name for name in paths if not any(fnmatch(name, pattern) for pattern in MAY_NAME_CLOUDS)]
    assert len(neutral) > 50
    found = [f"l3kit/{n}:{line}" for n in neutral for line in named_clouds(paths[n].read_text("utf-8"), within=True)]
    assert found == []


def test_no_neutral_module_decides_by_the_name_of_a_cloud() -> None:
    paths = {p.relative_to(ROOT / "l3kit").as_posix(): p for p in sorted((ROOT / "l3kit").rglob("*.py"))}
    neutral = [name for name in paths if not any(fnmatch(name, pattern) for pattern in MAY_NAME_CLOUDS)]
    assert {"sandbox/state.py", "sandbox/lifecycle.py", "sandbox/gateway.py", "sandbox/firing.py"} <= set(neutral)
    assert len(neutral) > 100
    found = [f"l3kit/{name}:{line}" for name in neutral for line in named_clouds(paths[name].read_text("utf-8"))]
    assert found == []
