"""pyproject.toml is the one list of dependencies; everything else points to it or pins what it names."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_environment_yml_installs_what_pyproject_lists() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    pip = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert pip == ["-c constraints.txt", "-e .[dev]"]
    conda = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    assert conda == [f"python{PROJECT['project']['requires-python']}", "pip"]


def test_the_extra_all_names_every_extra_but_the_test_tools() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    (everything,) = extras["all"]
    match = re.fullmatch(r"l3kit\[(.+)\]", everything)
    assert match is not None
    assert set(match[1].split(",")) == set(extras) - {"all", "dev", "test"}
    assert extras["dev"] == ["l3kit[all,test]"]


def test_every_dependency_is_pinned_in_constraints() -> None:
    pins = {
        re.split(r"[=<>\[ ;]", line, maxsplit=1)[0].lower()
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line
    }
    wanted = [*PROJECT["project"]["dependencies"]]
    for name, extra in PROJECT["project"]["optional-dependencies"].items():
        wanted += extra if name not in ("all", "dev") else []
    names = {re.split(r"[=<>\[ ;]", text, maxsplit=1)[0].lower() for text in wanted}
    assert names <= pins


def test_no_lock_file_names_a_download_address() -> None:
    for path in [ROOT / "constraints.txt", *(ROOT / "l3kit").rglob("package-lock.json")]:
        text = path.read_text()
        assert "://" not in text or '"resolved"' not in text, path
        assert "index-url" not in text, path


def test_the_citation_names_the_version_and_licence_of_the_package() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert (citation["version"], citation["license"]) == (PROJECT["project"]["version"], PROJECT["project"]["license"])
    assert (ROOT / "LICENSE").read_text().startswith("MIT License")
