"""What l3kit ships beside its modules is found in a checkout, in a wheel's folder, and lies in the wheel itself."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from l3kit.packaging.shipped import shipped

ROOT = Path(__file__).resolve().parents[3]
NAMES = ("lambda_code", "notebooks", "params", "requirements.lock")


@pytest.mark.parametrize("name", NAMES)
def test_a_checkout_has_it_at_its_top_level(name: str) -> None:
    assert shipped(name) == ROOT / name
    assert shipped(name).exists()


def test_an_installed_package_has_it_in_a_folder_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "l3kit" / "shipped").mkdir(parents=True)
    assert shipped("params", tmp_path / "l3kit") == tmp_path / "l3kit" / "shipped" / "params"


def test_the_wheel_takes_in_all_of_it() -> None:
    built = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert built["force-include"] == {name: f"l3kit/shipped/{name}" for name in NAMES}
