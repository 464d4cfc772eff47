"""The Python of docs/sandbox.md, run as it stands against a sandbox of its own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from l3kit import sandbox
from l3kit.deploy import apply, plan
from l3kit.session import sandbox_session
from l3kit.twin.config import Twin
from tests.unit.test_docs_code import EXAMPLE, ROOT, fences

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]


def test_the_code_of_the_page_on_the_sandbox_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    twin = Path(shutil.copytree(EXAMPLE, tmp_path / "twin", ignore=shutil.ignore_patterns("config_inter*")))
    config = json.loads((twin / "config.json").read_text())
    (twin / "config.json").write_text(json.dumps({**config, "digital_twin_name": "twin"}))
    monkeypatch.setenv("L3KIT_SANDBOX_HOME", str(tmp_path / "home"))
    life, fault = fences(ROOT / "docs" / "sandbox.md", "python")
    try:
        session = sandbox_session(sandbox.ensure_up())
        loaded = Twin.load(twin)
        apply(plan(loaded, session), session)
        names = {"session": session}
        exec(compile(fault.replace("TWIN", loaded.name), "docs/sandbox.md", "exec"), names)
        exec(compile(life, "docs/sandbox.md", "exec"), names)
        assert sandbox.status() is None, "the page's last line stops it"
    finally:
        sandbox.down()
