"""Zips of sources for Azure and Google Cloud: the same bytes every time, what the entry needs, nothing of notebooks."""

from __future__ import annotations

import ast
import io
import json
import os
import time
import zipfile
from functools import cache
from pathlib import Path

import pytest

from l3kit.clouds.azure.provider import TIMER_SECONDS
from l3kit.errors import ProvisioningError
from l3kit.packaging import wheels
from l3kit.packaging.shipped import PACKAGE, shipped
from l3kit.packaging.sources import pack_sources
from l3kit.packaging.wheels import lock_of
from l3kit.providers import provider
from l3kit.tiering.settings.function_table import FUNCTIONS
from l3kit.tiering.settings.late_modules import all_late_modules, late_modules_of

CLOUDS = ("azure", "gcp")
EVERY = [(cloud, function) for cloud in CLOUDS for function in FUNCTIONS]


def opened(data: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(data))


@cache
def packed(cloud: str, function: str) -> bytes:
    return pack_sources(cloud, function)


@cache
def imported(source: bytes) -> frozenset[str]:
    """The modules of l3kit that a module imports, but for types alone."""
    tree = ast.parse(source)
    typing_only = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node not in typing_only)
    return frozenset(node.module for node in found if node.module and node.module.startswith("l3kit"))


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_zip_is_the_same_to_the_byte_whenever_it_is_made(cloud: str) -> None:
    first = pack_sources(cloud, "cold-writer")
    later = time.time() + 86_400
    for path in (PACKAGE / "tiering").rglob("*.py"):
        os.utime(path, (later, path.stat().st_mtime))
    assert pack_sources(cloud, "cold-writer") == first
    entries = opened(first).infolist()
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert pack_sources(cloud, "cold-writer", {"digital_twin_info.json": b"{}"}) != first
    assert pack_sources(cloud, "archive-writer") != first


@pytest.mark.parametrize(("cloud", "function"), EVERY)
def test_a_zip_holds_what_its_function_needs_and_nothing_of_notebooks(cloud: str, function: str) -> None:
    held = opened(packed(cloud, function)).namelist()
    entry = {"azure": ["function_app.py", "host.json"], "gcp": ["main.py"]}[cloud]
    for name in (*entry, "requirements.txt", "l3kit/__init__.py", "l3kit/tiering/transfer/wire.py"):
        assert name in held
    assert f"l3kit/clouds/{cloud}/data/entry.py" in held
    other = [name for name in ("aws", *CLOUDS) if name != cloud]
    unwanted = (
        "session.py",
        "cloud.py",
        "control",
        "deploy",
        "sandbox",
        "l3kit/twin",
        "__pycache__",
        "test",
        "notebook",
    )
    for part in (*unwanted, *(f"clouds/{name}" for name in other)):
        assert not [name for name in held if part in name], part


@pytest.mark.parametrize(("cloud", "function"), EVERY)
def test_every_module_that_a_packed_one_imports_is_packed_but_for_late_ones_of_other_functions(
    cloud: str, function: str
) -> None:
    archive = opened(packed(cloud, function))
    held = set(archive.namelist())
    missing = set()
    for name in held:
        for module in imported(archive.read(name)) if name.endswith(".py") else ():
            path = module.replace(".", "/")
            if not {f"{path}.py", f"{path}/__init__.py"} & held:
                missing.add((name, module))
    late = provider(cloud).late_modules
    others = all_late_modules(late) - late_modules_of(function, late)
    assert {module for _, module in missing} <= others, missing


@pytest.mark.parametrize("cloud", CLOUDS)
def test_requirements_are_the_lock_file_of_the_clouds_functions(cloud: str) -> None:
    held = opened(pack_sources(cloud, "cold-writer"))
    assert held.read("requirements.txt") == shipped(f"lambda_code/{cloud}/requirements.lock").read_bytes()


def test_azures_host_file_lets_a_timer_run_as_long_as_it_may() -> None:
    host = json.loads(opened(pack_sources("azure", "hot-to-cold-mover")).read("host.json"))
    hours, minutes, seconds = (int(part) for part in host["functionTimeout"].split(":"))
    assert (host["version"], hours * 3600 + minutes * 60 + seconds) == ("2.0", TIMER_SECONDS)


def test_a_checkout_that_is_not_whole_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ProvisioningError, match="lambda_code/gcp/nothing is missing"):
        pack_sources("gcp", "nothing")
    monkeypatch.setattr(wheels, "shipped", tmp_path.joinpath)
    with pytest.raises(ProvisioningError, match=r"lambda_code/gcp/requirements\.lock: is missing"):
        lock_of("gcp")
