"""A twin deployed by version 0.1.0, killed in the middle of a move, is taken over by plan and apply of this version."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

import l3kit
from l3kit.sandbox import SandboxState, ensure_up
from l3kit.sandbox.aws.account import REGION
from l3kit.sandbox.state import Home
from l3kit.session import sandbox_session
from tests.programs.old_version import AT, KILLED
from tests.support.shared_sandbox import sandbox

__all__ = ["sandbox"]  # one of its own: an old version works in it

ROOT = Path(__file__).resolve().parents[2]
OLD = "02a1024e23b1711ff6e544d3d7b931759a51036c"
"""The last commit of version 0.1.0."""
PACKED = ("l3kit", "lambda_code", "constraints.txt", "pyproject.toml")

pytestmark = [pytest.mark.slow, pytest.mark.sandbox, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files of the old version; skips the test only where there cannot be its commit."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed, so version 0.1.0 cannot be had")
    if _git("rev-parse", "--is-shallow-repository").stdout.strip() != b"false":
        pytest.skip("this is no clone, or a shallow one, so version 0.1.0 cannot be had")
    packed = _git("archive", OLD, *PACKED)
    assert packed.returncode == 0, packed.stderr.decode()
    folder = tmp_path_factory.mktemp("l3kit-0.1.0")
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
    _installed_like(folder)
    return folder


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False, timeout=60)


def _installed_like(folder: Path) -> None:
    """Write the metadata that an installation of the old version has; its packager reads requirements from there."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    lines = ["Metadata-Version: 2.4", "Name: l3kit", f"Version: {project['version']}"]
    lines += [f"Requires-Dist: {text}" for text in project["dependencies"]]
    for extra in ("azure", "gcp"):
        lines += [f"Requires-Dist: {text}; extra == '{extra}'" for text in project["optional-dependencies"][extra]]
    info = folder / f"l3kit-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("\n".join([*lines, ""]))


def write_twin(folder: Path, *, chain: bool) -> None:
    layers = dict.fromkeys(("layer_1", "layer_2", "layer_3_hot", "layer_3_cold", "layer_3_archive"), "aws")
    days = {"hot_storage_size_in_days": 30, "cold_storage_size_in_days": 90, "message_chain": chain}
    for file, content in {
        "config": {"digital_twin_name": "grown-with-messages" if chain else "grown", **days},
        "config_iot_devices": [{"id": "d"}],
        "config_providers": {f"{layer}_provider": cloud for layer, cloud in layers.items()},
    }.items():
        (folder / f"{file}.json").write_text(json.dumps(content))


def home_for_old(state: SandboxState, folder: Path) -> Home:
    """Make a home with the sandbox's state in the old version's form; in any other it ends the sandbox."""
    home = Home(folder)
    home.root.mkdir()
    former = {**state.to_json(), "format": 3, "aws_endpoint": state.gateway, "region": REGION}
    home.state_file.write_text(json.dumps(former))
    return home


# Version 0.1.0 deployed to Azure and Google Cloud by the sandbox's former admin interface alone, never to an account.
@pytest.mark.parametrize("chain", [False, True], ids=["tiers", "chain"])
def test_a_twin_of_the_old_version_killed_while_it_moved_is_taken_over(
    chain: bool, sandbox: SandboxState, old: Path, tmp_path: Path
) -> None:
    write_twin(tmp_path, chain=chain)
    state = ensure_up(sandbox.home, clouds=("aws",))
    program = ROOT / "tests" / "programs" / "old_version.py"
    home = home_for_old(state, tmp_path / "old-home")
    lived = subprocess.run(
        [sys.executable, "-P", str(program), str(home.root), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(old)},
        cwd=old,
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    if home.twins.exists():
        shutil.copytree(home.twins, Home(state.home).twins, dirs_exist_ok=True)
    assert lived.returncode == KILLED, f"{lived.stdout}{lived.stderr[-3000:]}"
    assert lived.stdout.strip() == str(old / "l3kit" / "__init__.py")

    twin = l3kit.OpenTwin(l3kit.Twin.load(tmp_path), sandbox_session(state))
    assert twin.query("d").duplicates == 5, "what the killed run has stored is in two tiers"
    plan = twin.plan()
    assert {step.action for step in plan.steps} == {"update", "unchanged"}, plan.summary()
    plan.apply()
    twin.plan().raise_if_changes()

    twin.end_lease("d")
    run = twin.run_mover("hot-to-cold-mover", time=AT)
    notes = [note for report in run.reports for device in report["devices"] for note in device["notes"]]
    assert any("completed" in note for note in notes), notes
    twin.run_mover("cold-to-archive-mover", time=AT)
    twin.verify(canary=chain).raise_if_failed()

    twin.query("d").request_restore(1)
    found = twin.query("d")
    assert (found.duplicates, found.versions, found.gaps) == (0, 0, ())
    assert [(row["id"], row["v"], row["tier"]) for row in found.rows] == [
        (f"2026-0{month}-0{day}T00:00:00.000Z", Decimal(day) + Decimal("0.5"), tier)
        for month, tier in ((1, "archive"), (3, "cold"), (5, "hot"))
        for day in range(1, 6)
    ]
    twin.destroy(data=True)
    assert not twin.plan_destroy(data=True).changes
