"""Each cloud brings its own part of a sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from l3kit.errors import SandboxError
from l3kit.providers import BUILT_IN
from l3kit.sandbox.cloud import SandboxCloud, gateway_cloud, sandbox_cloud
from tests.support.installed import cloud_installed

SOURCE = """
from dataclasses import replace
from l3kit.clouds.aws.provider import PROVIDER as AWS
NOWHERE = replace(AWS, name="nowhere", title="Nowhere", sandbox="")
WRONG = replace(AWS, name="wrong", sandbox="json:dumps")
"""


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_cloud_of_l3kits_own_can_be_run(name: str) -> None:
    assert isinstance(sandbox_cloud(name), SandboxCloud)


def test_one_cloud_is_behind_the_gateways_own_address() -> None:
    assert [name for name in BUILT_IN if sandbox_cloud(name).own_services is not None] == [gateway_cloud()]


@pytest.mark.parametrize(
    ("name", "words"),
    [("nowhere", "Nowhere cannot be run in a sandbox"), ("wrong", "json:dumps is not a SandboxCloud")],
)
def test_a_cloud_that_cannot_be_run_is_told_as_such(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "clouds_elsewhere.py").write_text(SOURCE)
    place = f"clouds_elsewhere:{name.upper()}"
    with cloud_installed(tmp_path, name, place), pytest.raises(SandboxError, match=words):
        sandbox_cloud(name)
