"""Names in place of folders, and what a name that is not known is told."""

from __future__ import annotations

import json
import os
from pathlib import Path

import psutil
import pytest

from l3kit.cli import main
from l3kit.deploy.step_log import StepLog
from l3kit.errors import SandboxError
from l3kit.sandbox.homes import known_home, name_of, named_homes, sandbox_home
from l3kit.sandbox.listing import sandboxes
from l3kit.sandbox.state import Home, ProcessInfo, SandboxState, write_json

START = "Run `l3kit sandbox up`, or name a running sandbox"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with homes for `default`, `demo` and `three-clouds`."""
    monkeypatch.delenv("L3KIT_SANDBOX_HOME", raising=False)
    (tmp_path / "pyproject.toml").touch()
    for name in ("sandbox", "sandbox-demo", "sandbox-three-clouds"):
        (tmp_path / ".l3kit" / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path.resolve()


def standing(home: Path, *, port: int) -> None:
    """A state file that names this very process as the gateway."""
    me = psutil.Process(os.getpid())
    infos = (
        ProcessInfo("gateway", me.pid, port, "x.log", me.create_time()),
        ProcessInfo("moto", me.pid, port, "x.log", me.create_time()),
    )
    state = SandboxState(
        f"http://127.0.0.1:{port}",
        infos,
        home,
        "2026-11-28T20:00:00+00:00",
        {"blob": "x"},
        ("aws", "azure"),
    )
    write_json(Home(home).state_file, state.to_json())


def test_a_name_stands_for_a_folder_and_back(project: Path) -> None:
    assert sandbox_home("demo") == project / ".l3kit" / "sandbox-demo"
    assert {name: name_of(home) for name, home in named_homes().items()} == {
        name: name for name in ("default", "demo", "three-clouds")
    }
    assert next(iter(named_homes())) == "default"
    assert name_of(project / "elsewhere") is None


@pytest.mark.parametrize("name", ["", "..", "a/b", "-x", "x" * 101, "ä", "a\0"])
def test_what_is_no_name_leads_nowhere(name: str, project: Path) -> None:
    with pytest.raises(SandboxError, match="is not a valid name"):
        sandbox_home(name)


@pytest.mark.parametrize(
    ("given", "remedy"), [("demmo", "Did you mean demo?"), ("xyz", "Use one of default, demo, three-clouds")]
)
def test_an_unknown_name_is_told_which_there_are(given: str, remedy: str, project: Path) -> None:
    with pytest.raises(SandboxError) as caught:
        known_home(given)
    assert caught.value.remedy == remedy


@pytest.mark.parametrize("verb", ["status", "down", "fire"])
def test_every_verb_knows_names(verb: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sandbox", verb, "--name", "demmo"]) == 1
    assert "Did you mean demo?" in capsys.readouterr().err
    assert main(["sandbox", verb, "--name", "demo", "--home", "x"]) == 2


def test_the_list_tells_of_each_sandbox_what_it_is(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = project / ".l3kit" / "sandbox-demo"
    standing(home, port=1)
    for twin, last in (("plant", "create"), ("gone", "delete")):
        log = StepLog(home / "logs" / f"deploy-{twin}.jsonl")
        log.note("done", "create", "table", twin)
        log.note("done", last, "table", twin)
    demo = next(one for one in sandboxes() if one.name == "demo")
    assert demo.running
    assert demo.home == ".l3kit/sandbox-demo"
    assert (demo.clouds, demo.twins) == (("aws", "azure"), ("plant",))
    assert demo.since == "2026-11-28T20:00:00+00:00"
    assert demo.processes >= 1
    assert demo.megabytes > 10
    assert main(["sandbox", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["sandboxes"]
    assert [one["name"] for one in listed if one["here"]] == ["demo", "default", "three-clouds"]
    assert main(["sandbox", "list"]) == 0
    table = capsys.readouterr().out.splitlines()
    assert table[0].split() == ["NAME", "SINCE", "CLOUDS", "TWINS", "PROCESSES", "MEMORY", "HOME"]
    assert table[1].split()[:2] == ["demo", "up"]
    assert table[2].split() == ["default", "down", ".l3kit/sandbox"]


def test_who_asks_for_one_that_is_down_is_told_what_runs_and_why(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    standing(project / ".l3kit" / "sandbox-demo", port=1)
    assert main(["sandbox", "status"]) == 3
    assert capsys.readouterr().out == f"the sandbox is not running; running: demo. {START}\n"
    write_json(Home(sandbox_home("default")).end_file, {"reason": "no request for 14400 s", "part": ""})
    assert main(["sandbox", "status", "--json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert told["cause"] == "is not running: sandbox has stopped: no request for 14400 s; running: demo"
    assert told["others"] == ["demo"]
    assert main(["sandbox", "fire"]) == 1
    assert "running: demo" in capsys.readouterr().err
    assert main(["sandbox", "status", "--name", "demo"]) == 3
    assert capsys.readouterr().out == f"the sandbox does not answer. {START}\n"
