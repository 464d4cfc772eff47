"""A twin's life by the command line alone, in the sandbox: every verb that reaches its clouds, each with --json."""

from __future__ import annotations

from pathlib import Path

import pytest

from l3kit import sandbox
from l3kit.sandbox.state import HOME_VARIABLE
from tests.integration.aws.conftest import write_twin
from tests.support.shell import Shell

pytestmark = pytest.mark.sandbox


@pytest.mark.slow
def test_a_twin_is_deployed_used_and_destroyed_by_the_command_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))  # its own sandbox, since the end stops it
    folder = tmp_path / "twin"
    folder.mkdir()
    write_twin(folder, "plant", "aws", "aws", "aws", ["pump-1"])
    try:
        _live(Shell(folder, capsys), tmp_path)
    finally:
        sandbox.down(tmp_path / "home")


def _live(l3kit: Shell, tmp_path: Path) -> None:
    assert "is not running" in l3kit("tiers", code=1)["error"]["cause"]
    assert l3kit("plan", "--exit-code", code=6)["steps"]
    assert "hot-to-cold-mover" in l3kit("run", "hot-to-cold-mover", code=1)["error"]["resource"]
    assert l3kit("rotate", "--yes", code=1)["error"]["remedy"] == "Deploy it first: l3kit apply"
    assert l3kit("apply", "--yes")["done"]
    assert l3kit("plan", "--exit-code")["steps"]

    file = tmp_path / "pumps.csv"
    file.write_text("device,time,v\n" + "".join(f"pump-1,2026-03-01T{n:02d}:00:00Z,{n}.50\n" for n in range(10, 20)))
    assert l3kit("load", str(file))["files"][0]["created"] == 10
    assert l3kit("run", "hot-to-cold-mover", "--time", "2027-01-01T00:00:00Z")["verdict"] == "complete"
    assert l3kit("tiers")["items"] == {"hot": 0, "cold": 10, "archive": 0}
    found = l3kit("query", "pump-1", "--from", "2026-03-01T12:00:00Z", "--limit", "2")
    assert [reading["v"] for reading in found["readings"]] == [12.5, 13.5]
    assert "did you mean pump-1?" in l3kit("query", "pump1", code=1)["error"]["remedy"]
    assert l3kit("query", "pump-1", "--from", "soon", code=1)["error"]["cause"].startswith("is neither ISO 8601")
    assert l3kit("journal")["devices"][0]["items moved"] == 10
    assert l3kit("explain", "pump-1")["summary"]
    assert l3kit("verify", "--no-canary")["passed"]
    assert "nothing to change" in l3kit("rotate", "--yes")["summary"]

    assert l3kit("destroy", "--data", "--yes", code=1)["error"]["remedy"] == "Pass --confirm plant"
    assert l3kit("plan", "--destroy", "--data", "--exit-code", code=6)["steps"]
    assert l3kit("destroy", "--yes")["kept"]
    ended = l3kit("destroy", "--data", "--confirm", "plant")
    assert ended["done"]
    assert ended["sandbox"] == "Nothing is left in the sandbox, so it is stopped."
