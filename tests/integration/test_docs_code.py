"""The Python of the pages on sandbox, API, provisioning and restoring, run as it stands in a sandbox of its own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import l3kit
from l3kit import sandbox
from l3kit.deploy import apply, plan
from l3kit.session import sandbox_session
from l3kit.twin.config import Twin
from tests.project.test_docs_code import EXAMPLE, ROOT, fences

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]


def test_the_code_of_the_page_on_the_sandbox_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    twin = Path(shutil.copytree(EXAMPLE, tmp_path / "twin", ignore=shutil.ignore_patterns("config_inter*")))
    config = json.loads((twin / "config.json").read_text())
    (twin / "config.json").write_text(json.dumps({**config, "digital_twin_name": "twin"}))
    monkeypatch.setenv("L3KIT_SANDBOX_HOME", str(tmp_path / "home"))
    life, fault = fences(ROOT / "docs" / "reference" / "sandbox.md", "python")
    try:
        loaded = Twin.load(twin)
        session = sandbox_session(sandbox.ensure_up(clouds=loaded.layout.clouds))
        apply(plan(loaded, session), session)
        names = {"session": session}
        exec(compile(fault.replace("TWIN", loaded.name), "docs/reference/sandbox.md", "exec"), names)
        exec(compile(life, "docs/reference/sandbox.md", "exec"), names)
        assert sandbox.status() is None, "the page's last line stops it"
    finally:
        sandbox.down()


def test_the_code_of_the_pages_on_the_api_and_on_logs_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a twin with a cold-writer, whose log is read: of the pages' twin, the cold tier is moved to another cloud."""
    path = Path("params", "twins", "nyc-weather")
    twin = Path(shutil.copytree(EXAMPLE, tmp_path / path, ignore=shutil.ignore_patterns("config_inter*")))
    clouds = json.loads((twin / "config_providers.json").read_text())
    clouds |= {"layer_3_cold_provider": "gcp", "layer_3_archive_provider": "gcp"}
    (twin / "config_providers.json").write_text(json.dumps(clouds))
    readings = tmp_path / "readings.csv"
    readings.write_text("device,time,temp\nJFK,2013-06-01T06:00:00Z,70.5\nJFK,2013-07-01T06:00:00Z,71.5\n")
    monkeypatch.setenv("L3KIT_SANDBOX_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (api,) = fences(ROOT / "docs" / "reference" / "api.md", "python")
    (logs,) = fences(ROOT / "docs" / "reference" / "provisioning.md", "python")
    names: dict[str, Any] = {}
    try:
        exec(compile(api, "docs/reference/api.md", "exec"), names)
        assert len(names["frame"]) == 0, "a new twin is empty"
        with l3kit.open(path, target="sandbox", progress=False) as opened:
            opened.load(readings, device="device", time="time")
        exec(compile(api, "docs/reference/api.md", "exec"), names)
        assert len(names["frame"]) == 1, "of two readings one is in June"
        exec(compile(logs, "docs/reference/provisioning.md", "exec"), names)
        assert names["found"].functions == ("cold-writer",)
        assert names["found"].gaps == (), "its log was read; a writer prints only what goes wrong"
        assert "text" in names["frame"].columns
    finally:
        sandbox.down()


def test_the_code_of_the_page_on_restoring_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a twin whose one reading of that month is in S3 Deep Archive."""
    path = Path("params", "twins", "nyc-weather")
    shutil.copytree(EXAMPLE, tmp_path / path, ignore=shutil.ignore_patterns("config_inter*"))
    readings = tmp_path / "readings.csv"
    readings.write_text("device,time,temp\nJFK,2013-01-15T06:00:00Z,30.5\n")
    monkeypatch.setenv("L3KIT_SANDBOX_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (restoring,) = fences(ROOT / "docs" / "how-to" / "restore.md", "python")
    names: dict[str, Any] = {}
    try:
        with l3kit.open(path, target="sandbox", progress=False) as twin:
            twin.plan().apply()
            twin.load(readings, device="device", time="time")
            for mover, time in (("hot-to-cold-mover", "2014-01-01"), ("cold-to-archive-mover", "2016-01-01")):
                twin.run_mover(mover, time=time).raise_if_failed()
            assert len(twin.query("JFK").missing) == 1, "it must be restored first"
        exec(compile(restoring, "docs/how-to/restore.md", "exec"), names)
        assert names["found"].complete
        assert len(names["frame"]) == 1
    finally:
        sandbox.down()
