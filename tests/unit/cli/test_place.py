"""Which twin a verb is about: params file, folder, present project; and what the command line says over it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer

from l3kit.cli import main
from l3kit.cli.output import Output
from l3kit.cli.place import Place, Reach, connected
from l3kit.errors import ConfigurationError, SandboxError
from tests.support.answering import EXAMPLE


def place(where: str | None = EXAMPLE, **given: Any) -> Place:
    options = {"target": None, "sandbox": None, **given}
    return Place(where, connect=connected, output=Output(), **options)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, a project that `l3kit init` made."""
    assert main(["init", "plant", "--folder", str(tmp_path / "plant"), "--devices", "p-1", "-q"]) == 0
    monkeypatch.chdir(tmp_path / "plant")
    monkeypatch.delenv("L3KIT_SANDBOX_HOME", raising=False)
    return tmp_path / "plant"


def test_a_folder_is_a_twin_in_the_default_sandbox() -> None:
    reach = place().reach()
    assert (reach.twin.name, reach.parameters.target, reach.parameters.sandbox) == ("nyc-weather", "sandbox", "default")
    assert reach.now is None


def test_the_command_line_comes_before_the_params_file(project: Path) -> None:
    file = str(project / "params" / "deploy_l3.sandbox.yaml")
    assert place(file).reach().parameters.sandbox == "plant"
    given = place(file, sandbox="other", target="live", clouds={"aws_profile": "mine"}).reach(
        as_of="2026-03-01T10:00:00Z"
    )
    assert (given.parameters.sandbox, given.parameters.target) == ("other", "live")
    assert given.parameters.cloud_parameters["aws_profile"] == "mine"
    assert given.now is not None
    assert given.now.hour == 10


def test_in_a_project_the_twin_may_be_left_out_and_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    reach = place(None).reach()
    assert (reach.twin.name, reach.parameters.sandbox) == ("plant", "plant")
    assert capsys.readouterr().err == "PARAMS-OR-TWIN: params/deploy_l3.sandbox.yaml\n"
    assert place(None, target="live").reach().parameters.target == "live"


def test_elsewhere_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(typer.BadParameter, match="name a twin's folder or a params file"):
        place(None).reach()


def test_a_params_file_is_found_from_any_folder(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert place("plant/params/query_tiers.sandbox.yaml").reach().twin.name == "plant"


def test_the_only_argument_is_the_one_behind_the_twin() -> None:
    alone, name = place("JFK").before(None, "DEVICE")
    assert (alone.where, name) == (None, "JFK")
    assert place("x").before("JFK", "DEVICE") == (place("x"), "JFK")
    with pytest.raises(typer.BadParameter):
        place(None).before(None, "DEVICE")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"clouds": {"aws_profle": "x"}}, "aws_profle.*did you mean aws_profile"),
        ({"clouds": {"profile": "x"}}, "is now called aws_profile"),
        ({"target": "lve"}, "target = 'lve': is not allowed; allowed are sandbox and live"),
        ({"sandbox": "A B"}, "sandbox = 'A B'"),
    ],
)
def test_what_is_wrong_is_named(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        place(**given).reach()


@pytest.mark.parametrize("verb", ["destroy", "tiers", "journal", "verify", "rotate", "letters", "replay"])
def test_a_sandbox_that_does_not_run_is_told_with_the_remedy(
    verb: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / ".l3kit" / "sandbox-plant").mkdir(parents=True)
    yes = ["--yes"] if verb in ("destroy", "rotate") else []
    assert main([verb, *yes]) == 1
    assert "l3kit: sandbox plant: is not running. Start it and deploy the twin into it" in capsys.readouterr().err
    assert main([verb, *yes, "--sandbox", "plnt"]) == 1
    assert "Did you mean plant?" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [["plan"], ["apply", "--yes"], ["rotate", "--yes"], ["destroy", "--yes"], ["run"], ["verify"], ["query"],
     ["explain"], ["tiers"], ["journal"]],
    ids=lambda words: words[0],
)  # fmt: skip
def test_a_folder_without_a_twin_is_told(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    behind = {"run": ["hot-to-cold-mover"], "query": ["JFK"], "explain": ["JFK"]}
    verb, *flags = words
    assert main([verb, str(tmp_path), *behind.get(verb, []), *flags]) == 1
    said = capsys.readouterr().err
    assert said.startswith("l3kit: ")
    assert "config.json" in said


def test_a_sandbox_may_be_started_only_by_who_says_so(project: Path) -> None:
    reach = place(None).reach()
    with pytest.raises(SandboxError, match="has no home in this project"):
        connected(Reach(reach.parameters, reach.twin), Output())


def test_a_parameter_without_a_value_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "-p", "foo", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["cause"] == "'foo' is not NAME=VALUE"
