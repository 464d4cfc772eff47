"""Nothing outside its own folder knows Toybox, and l3kit finds it as soon as it is installed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from l3kit.deploy.message_chain import check_message_chain
from l3kit.errors import ConfigurationError
from l3kit.providers import is_known, names, provider
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import write_twin
from tests.support.installed import cloud_installed
from tests.support.twins import twin_on
from tests.toy_cloud.names import NAME

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]


def files() -> Iterator[Path]:
    """The project's files, by git, but those of this folder."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for file in (ROOT / name for name in listed.split("\0") if name):
        if file.is_file() and not file.is_relative_to(FOLDER):
            yield file


def test_no_file_outside_its_folder_mentions_it() -> None:
    others = list(files())
    assert len(others) > 500
    assert [file for file in others if NAME.encode() in file.read_bytes().lower()] == []


def test_a_twin_may_have_tiers_on_it_once_it_is_installed_and_only_then(tmp_path: Path) -> None:
    write_twin(tmp_path, "plant", NAME, "aws", NAME, ["d"])
    with pytest.raises(ConfigurationError, match=f"{NAME}': is not allowed; allowed are aws, azure, gcp"):
        Twin.load(tmp_path)
    (tmp_path / "installed").mkdir()
    with cloud_installed(tmp_path / "installed", NAME, "tests.toy_cloud.provider:PROVIDER"):
        assert Twin.load(tmp_path).layout.clouds == (NAME, "aws")
        assert names()[-1] == NAME
        assert provider(NAME).name == NAME
    assert not is_known(NAME)


def test_layers_1_and_2_are_refused_there_since_it_runs_no_functions_of_the_chain(tmp_path: Path) -> None:
    with cloud_installed(tmp_path, NAME, "tests.toy_cloud.provider:PROVIDER"):
        twin = twin_on(tmp_path, NAME, "aws", "aws", chain=("aws", "aws"))
        with pytest.raises(ConfigurationError, match="Toybox does not run layers 1 and 2"):
            check_message_chain(twin)
