"""pyproject.toml is the one list of dependencies; everything else points to it or pins what it names."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.programs.lock import HASH, LOCKS, packages

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


EXTRAS = PROJECT["project"]["optional-dependencies"]


def test_environment_yml_installs_what_pyproject_lists() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    pip = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert pip == ["-c constraints.txt", "-e .[dev]"]
    conda = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    assert conda == [f"python{PROJECT['project']['requires-python']}", "pip"]


def brought(extra: str) -> set[str]:
    """Return the requirements of an extra and of those extras that it names."""
    found: set[str] = set()
    for text in EXTRAS[extra]:
        own = re.fullmatch(r"l3kit\[(.+)\]", text)
        found |= set().union(*map(brought, own[1].split(","))) if own else {text}
    return found


def test_the_extra_all_brings_every_extra_but_what_a_checkout_is_developed_with() -> None:
    assert brought("all") == set().union(*(brought(name) for name in EXTRAS if name not in ("dev", "docs", "test")))
    assert brought("all").isdisjoint(EXTRAS["docs"] + EXTRAS["test"])
    assert EXTRAS["dev"] == ["l3kit[all,docs,test]"]


def test_every_dependency_is_pinned_in_constraints() -> None:
    pins = {
        re.split(r"[=<>\[ ;]", line, maxsplit=1)[0].lower()
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line
    }
    wanted = [*PROJECT["project"]["dependencies"], *brought("dev")]
    names = {re.split(r"[=<>\[ ;]", text, maxsplit=1)[0].lower() for text in wanted}
    assert names <= pins


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_pins_and_hashes_and_nothing_else(name: str) -> None:
    version, marker, digest = (
        r"[a-z0-9-]+==[A-Za-z0-9.!+]+",
        r"( ; [a-z0-9_.'=<>!() -]+)?",
        r"--hash=sha256:[0-9a-f]{64}",
    )
    whole = rf"({version}{marker}( \\\n    {digest})+\n)+"
    assert re.fullmatch(whole, (ROOT / name).read_text(), re.IGNORECASE)


def test_the_lock_pins_what_constraints_pin() -> None:
    assert HASH.sub("", (ROOT / "requirements.lock").read_text()) == (ROOT / "constraints.txt").read_text()


def test_packages_are_counted_once_whatever_their_markers_and_hashes() -> None:
    lines = (
        "a-b==1 ; python_full_version < '3.12'",
        "    --hash=sha256:00",
        "a-b==2 ; python_full_version == '3.12.*'",
    )
    assert packages("\n".join([*lines, "c==1 ; sys_platform == 'win32'"])) == {"a-b", "c"}
    pins = [line.partition("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines()]
    assert packages((ROOT / "requirements.lock").read_text()) == set(pins)


@pytest.mark.parametrize(("name", "extras"), [item for item in LOCKS.items() if item[0].startswith("lambda_code/")])
def test_the_lock_of_a_clouds_functions_has_what_they_need_as_the_whole_lock_has_it(
    name: str, extras: tuple[str, ...]
) -> None:
    whole, ours = pinned("requirements.lock"), pinned(name)
    assert {pin: whole.get(pin) for pin in ours} == ours
    needed = {*PROJECT["project"]["dependencies"]}.union(*(EXTRAS[extra] for extra in extras))
    names = {pin.split("==")[0] for pin in ours}
    assert {re.split(r"[><=\[]", text, maxsplit=1)[0] for text in needed} <= names
    assert not {"boto3", "pandas", "pytest", "moto"} & names


def test_lambdas_dependencies_are_the_same_on_every_platform() -> None:
    assert ";" not in (ROOT / "lambda_code/aws/requirements.lock").read_text(), "pip would ask this machine's markers"


def pinned(name: str) -> dict[str, list[str]]:
    """Return the hashes of each `name==version` of a lock."""
    blocks = re.split(r"^(?=\w)", (ROOT / name).read_text(), flags=re.MULTILINE)[1:]
    return {block.split()[0]: re.findall(r"sha256:\w+", block) for block in blocks}


def test_no_lock_file_names_a_download_address() -> None:
    for path in (ROOT / "l3kit").rglob("package-lock.json"):
        text = path.read_text()
        assert "://" not in text or '"resolved"' not in text, path
        assert "index-url" not in text, path


def test_the_citation_names_the_version_and_licence_of_the_package() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert (citation["version"], citation["license"]) == (PROJECT["project"]["version"], PROJECT["project"]["license"])
    assert (ROOT / "LICENSE").read_text().startswith("MIT License")
