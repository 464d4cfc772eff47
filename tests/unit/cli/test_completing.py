"""What the shell suggests: names of the twin and the project, and nothing where they cannot be read."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from l3kit.cli import main
from l3kit.cli.completing import MAX_PARAMS_BYTES
from l3kit.cli.program import NAME, root_command
from l3kit.providers import names
from l3kit.twin.config import Twin
from l3kit.twin.layout import ORDER, SCHEDULED
from tests.integration.aws.conftest import write_twin

COMMAND = root_command()
Suggested = Callable[[str], list[str]]
HEAVY = {"boto3", "l3kit.session", "l3kit.twin.config", "pandas", "psutil", "requests", "rich"}


@pytest.fixture
def suggested(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Suggested:
    """Asks for suggestions as bash does, for the word at whose end the line ends."""

    def ask(line: str) -> list[str]:
        capsys.readouterr()
        monkeypatch.setenv("_L3KIT_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
        with pytest.raises(SystemExit) as ended:
            COMMAND(args=[], prog_name=NAME, standalone_mode=False)
        assert ended.value.code == 0
        out, err = capsys.readouterr()
        assert err == ""
        return out.split("\n")[:-1] if out.strip() else []

    return ask


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a twin."""
    (tmp_path / "plant").mkdir()
    devices = ["pump-1", "pump-2", "传感器-2", "a b", "$(reboot)", "-x", "x,y"]
    write_twin(tmp_path / "plant", "plant", "aws", "azure", "azure", devices)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("L3KIT_SANDBOX_HOME", raising=False)
    return tmp_path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, a project that `l3kit init` made."""
    flags = ["--folder", str(tmp_path / "plant"), "--devices", "pump-1,pump-2,boiler", "-q"]
    assert main(["init", "plant", *flags]) == 0
    monkeypatch.chdir(tmp_path / "plant")
    monkeypatch.delenv("L3KIT_SANDBOX_HOME", raising=False)
    return tmp_path / "plant"


@pytest.mark.parametrize(
    "line",
    ["query plant ", "explain plant ", "letters plant --device ", "replay plant --device ", "audit plant --device ",
     "load plant --device-id ", "simulate plant --devices ", "query --json plant ", "query plant --limit 5 "],
)  # fmt: skip
def test_devices_of_the_twin_are_suggested_but_for_those_that_a_shell_takes_apart(
    line: str, suggested: Suggested, folder: Path
) -> None:
    assert suggested(f"l3kit {line}") == ["pump-1", "pump-2", "传感器-2"]
    assert suggested(f"l3kit {line}pump-2") == ["pump-2"]


@pytest.mark.parametrize(
    "line",
    ["load readings.csv --device-id ", "load --dry-run readings.csv --device-id ", "load nowhere.csv --device-id "],
)
def test_devices_of_the_present_project_are_suggested_where_a_load_names_a_file_alone(
    line: str, suggested: Suggested, project: Path
) -> None:
    (project / "readings.csv").write_text("time,value\n2026-01-01T00:00:00Z,1\n")
    assert suggested(f"l3kit {line}") == ["pump-1", "pump-2", "boiler"]


def test_no_devices_of_another_twin_are_suggested_where_a_load_names_one_that_cannot_be_read(
    suggested: Suggested, project: Path
) -> None:
    assert suggested("l3kit load nowhere readings.csv --device-id ") == []


def test_of_a_list_the_last_value_is_completed_with_what_is_not_in_it_yet(suggested: Suggested, folder: Path) -> None:
    assert suggested("l3kit simulate plant --devices pump-2,p") == ["pump-2,pump-1"]
    assert suggested("l3kit plan plant --clouds aws,") == [f"aws,{name}" for name in names() if name != "aws"]


def test_functions_are_those_of_the_layout_and_all(suggested: Suggested, folder: Path) -> None:
    layout = Twin.load(folder / "plant").layout
    known = suggested("l3kit logs plant ")
    assert known == [*(name for name in ORDER if layout.host_of(name)), "all"]
    assert "archive-writer" not in known
    assert suggested("l3kit logs plant cold-w") == ["cold-writer"]


@pytest.mark.parametrize(
    ("line", "known"),
    [
        ("run plant ", list(SCHEDULED)),
        ("plan --target ", ["sandbox", "live"]),
        ("first-light aws --target ", ["sandbox", "live"]),
        ("first-light ", ["aws", "gcp"]),
        ("permissions ", ["aws", "gcp"]),
        ("verify --clouds ", list(names())),
        ("sandbox up --clouds ", list(names())),
        ("sandbox fire --cloud g", ["gcp"]),
        ("load plant --from-cloud az", ["azure"]),
        ("init x --messages a", ["aws", "azure"]),
        ("--version qu", ["query"]),
    ],
)
def test_names_that_are_known_beforehand_are_suggested(
    line: str, known: list[str], suggested: Suggested, folder: Path
) -> None:
    assert suggested(f"l3kit {line}") == known


@pytest.mark.parametrize(
    "line", ["plan --sandbox ", "sandbox status --name ", "query --name ", "first-light aws --sandbox "]
)
def test_sandboxes_are_those_of_the_project(line: str, suggested: Suggested, project: Path) -> None:
    assert suggested(f"l3kit {line}") == []
    for name in ("sandbox", "sandbox-plant", "other"):
        (project / ".l3kit" / name).mkdir(parents=True)
    assert suggested(f"l3kit {line}") == ["default", "plant"]
    assert suggested(f"l3kit {line}p") == ["plant"]


def test_in_a_project_the_first_argument_may_be_the_name(suggested: Suggested, project: Path) -> None:
    assert suggested("l3kit query pu") == ["pump-1", "pump-2"]
    assert suggested("l3kit query --target live bo") == ["boiler"]
    assert suggested("l3kit explain params/query_tiers.sandbox.yaml bo") == ["boiler"]
    assert suggested("l3kit run hot") == ["hot-to-cold-mover"]
    assert suggested("l3kit logs hot-to") == ["hot-to-cold-mover"]
    assert suggested("l3kit letters --device bo") == ["boiler"]


@pytest.mark.parametrize("line", ["query ", "plan ", "run ", "logs ", "load x ", "query params", "cost bill "])
def test_elsewhere_it_is_a_file_which_the_shell_completes(line: str, suggested: Suggested, folder: Path) -> None:
    assert suggested(f"l3kit {line}") == []


def test_in_a_project_paths_are_the_shells_too(suggested: Suggested, project: Path) -> None:
    assert suggested("l3kit query params/") == []
    assert suggested("l3kit plan ") == []


@pytest.mark.parametrize("content", ["{", '{"id": "pump-1"}', '[{"id": 1}]', '[{"name": "x"}]', None])
def test_files_that_cannot_be_read_spoil_no_line(
    content: str | None, suggested: Suggested, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "plant" / "config_iot_devices.json"
    file.unlink()
    if content is not None:
        file.write_text(content)
    assert suggested("l3kit query plant ") == []
    assert suggested("l3kit logs plant ") == []
    assert suggested("l3kit query nowhere ") == []


@pytest.mark.timeout(60)
def test_what_is_no_params_file_is_not_read(suggested: Suggested, folder: Path) -> None:
    file = folder / "params.yaml"
    file.write_text(f"twin: {folder / 'plant'}\n")
    assert suggested("l3kit query params.yaml pump-1") == ["pump-1"]
    file.write_text(file.read_text() + "# " + "x" * MAX_PARAMS_BYTES)
    assert suggested("l3kit query params.yaml pump-1") == []
    os.mkfifo(folder / "fifo")
    assert suggested("l3kit query fifo pump-1") == []


def test_devices_are_completed_without_loading_what_a_verb_needs(folder: Path) -> None:
    script = (
        "import sys\nfrom l3kit.cli import main\n"
        f"try: main([])\nfinally: print(*sorted({HEAVY} & set(sys.modules)), file=sys.stderr)"
    )
    asked = {"_L3KIT_COMPLETE": "complete_bash", "COMP_WORDS": "l3kit query plant pump-1", "COMP_CWORD": "3"}
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, **asked}, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("pump-1\n", "\n")
