"""What a package offers is loaded when it is asked for, and not before."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

PACKAGES = ("l3kit.cost", "l3kit.examples", "l3kit.sandbox")


@pytest.mark.parametrize("name", PACKAGES)
def test_every_name_that_a_package_lists_is_there(name: str) -> None:
    package = importlib.import_module(name)
    assert all(getattr(package, each) is not None for each in package.__all__)
    with pytest.raises(AttributeError, match=f"module '{name}' has no attribute 'nothing'"):
        _ = package.nothing


def test_a_part_of_the_sandbox_loads_nothing_of_the_others() -> None:
    code = "import sys, l3kit.sandbox.aws.moto_host; print({'boto3', 'pydantic', 'moto', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
