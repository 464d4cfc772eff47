"""Clouds are found by name, those of other packages by their entry points; what is wrong with one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from l3kit.errors import ConfigurationError
from l3kit.providers import BUILT_IN, names, names_with, part, provider
from tests.support.installed import cloud_installed


def test_a_cloud_of_another_package_comes_last_and_takes_no_name_of_l3kits_own(tmp_path: Path) -> None:
    zebra, other = tmp_path / "zebra", tmp_path / "other"
    zebra.mkdir()
    other.mkdir()
    with cloud_installed(zebra, "zebra", "nowhere:PROVIDER"), cloud_installed(other, "aws", "nowhere:PROVIDER"):
        assert names() == (*BUILT_IN, "zebra")
        assert provider("aws").title == "AWS"


@pytest.mark.parametrize(
    ("name", "place", "words"),
    [
        ("lost", "no_such_package.provider:PROVIDER", "needs no_such_package, .* Install the package that has it"),
        ("odd", "json:dumps", "json:dumps is not a Provider"),
    ],
)
def test_what_is_wrong_with_a_cloud_of_another_package_is_told(
    tmp_path: Path, name: str, place: str, words: str
) -> None:
    with cloud_installed(tmp_path, name, place), pytest.raises(ConfigurationError, match=words):
        provider(name)


def test_a_part_that_a_cloud_lacks_is_refused_with_the_clouds_that_have_it() -> None:
    assert names_with("permissions") == ("aws", "gcp")
    words = r"^Azure: has no table of its operators' permissions yet\. Clouds that have it: aws, gcp$"
    with pytest.raises(ConfigurationError, match=words):
        part("azure", "permissions")


@pytest.mark.parametrize("cloud", BUILT_IN)
def test_every_part_that_a_cloud_names_is_there(cloud: str) -> None:
    for name in provider(cloud).parts:
        assert part(cloud, name) is not None
