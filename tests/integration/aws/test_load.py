"""`l3kit load` end to end in a sandbox: new devices, a dry run, the load itself, and the items queried."""

from __future__ import annotations

from pathlib import Path

import pytest

import l3kit
from l3kit import cli
from l3kit.sandbox import SandboxState
from l3kit.sandbox.state import HOME_VARIABLE
from tests.integration.aws.conftest import MakeTwin

pytestmark = pytest.mark.sandbox


@pytest.mark.slow
def test_a_file_is_loaded_into_a_deployed_twin_and_queried(
    sandbox: SandboxState, make_twin: MakeTwin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(sandbox.home))
    folder = make_twin(devices=["pump-1"]).path
    with l3kit.open(folder, progress=False) as twin:
        twin.plan(clouds=["aws"]).apply()
    file = tmp_path / "a.csv"
    lines = [f"{device};2026-05-31 10:{n:02d};{n},50\n" for n in range(60) for device in ("pump-1", "pump-2")]
    file.write_text("device;time;temp\n" + "".join(lines) + "pump-1;soon;1\n")
    command = ["load", str(folder), str(file), "--decimal", ",", "--timezone", "Europe/Vienna", "--add-devices"]
    assert cli.main([*command, "--dry-run"]) == 4
    assert cli.main(command) == 4
    assert (tmp_path / "a.csv.bad.csv").read_text().count("\n") == 2
    with l3kit.open(folder, progress=False) as twin:
        for device in ("pump-1", "pump-2"):
            found = twin.query(device, "2026-05-31T08:00:00Z", "2026-05-31T08:09:00Z").to_frame()
            assert found["temp"].tolist() == [n + 0.5 for n in range(10)]
        again = twin.load(file, decimal=",", timezone="Europe/Vienna", out=tmp_path / "again")
        assert (again.total("created"), again.total("same"), again.total("bad")) == (0, 120, 1)
