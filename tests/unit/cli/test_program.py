"""The command line as a whole: verbs, options that all have, wrong command lines, exit codes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import l3kit
from l3kit.cli import exit_codes, main
from l3kit.cli.program import root_command
from l3kit.operate.open_twin import OpenTwin

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "reference" / "command_line.md").read_text("utf-8")
HEAVY = {"boto3", "matplotlib", "moto", "pandas", "psutil", "pydantic", "rich"}


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each verb with its words."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


VERBS = dict(commands(root_command()))


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_every_verb_has_the_shared_options_and_a_help_that_is_a_sentence(verb: tuple[str, ...]) -> None:
    flags = {flag for parameter in VERBS[verb].params for flag in parameter.opts}
    assert {"--json", "-q", "-v"} <= flags
    assert VERBS[verb].help.split("\n")[0].rstrip().endswith(".")


def test_the_page_names_every_verb() -> None:
    for first, *rest in VERBS:
        assert f"`l3kit {first}" in PAGE
        assert not rest or f"`{rest[0]}`" in PAGE or f"`l3kit {first} {rest[0]}" in PAGE, rest


def test_a_verb_about_a_twin_is_a_method_of_an_open_twin_or_told_to_be_none() -> None:
    methods = {name.replace("_", "-") for name in dir(OpenTwin) if not name.startswith("_")}
    not_methods = {"apply", "rotate", "run", "replay", "simulate", "init", "permissions", "first-light"}
    assert {words[0] for words in VERBS if len(words) == 1} - not_methods <= methods


def test_the_page_and_the_help_have_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    rows = re.findall(r"^\| (\d+) \| (.*) \|$", PAGE, re.MULTILINE)
    assert {int(code): meaning for code, meaning in rows} == dict(exit_codes.MEANINGS)
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out.partition("Exit codes:")[2].replace(";", "").split()
    told = [word for code, meaning in exit_codes.MEANINGS.items() for word in (str(code), *meaning.split())]
    assert shown == [word.strip("`;").replace("`:", ":") for word in told]


def test_the_help_loads_nothing_heavy_and_has_no_escape_codes() -> None:
    script = f"import sys; from l3kit.cli import main; main(['--help']); print(sorted({HEAVY} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "\x1b" not in done.stdout


def test_the_help_has_a_whole_sentence_for_each_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "..." not in capsys.readouterr().out.partition("Commands:")[2]


def test_without_the_packages_of_an_operator_they_are_named_with_the_extra() -> None:
    script = "import sys; sys.modules['typer'] = None; from l3kit.cli import main; sys.exit(main(['plan']))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert done.stderr == "l3kit: module typer: is not installed. Install it: pip install 'l3kit[deploy]'\n"


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"l3kit {l3kit.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["aply"], "Did you mean 'apply'"),
        (["sandbox", "stauts"], "Did you mean 'status'?"),
        (["plan", "--rotat"], "--rotate"),
        (["init", "plant", "--devices", "a", "b"], "--devices pump-1,pump-2"),
        (["plan", "x", "--data"], "needs --destroy"),
        (["plan", "x", "--destroy", "--rotate"], "is not allowed with --rotate"),
        (["query"], "DEVICE"),
        (["load"], "FILE"),
        (["query", "x", "JFK", "--json", "--csv", "-"], "both would be on stdout"),
        (["query", "x", "JFK", "--limit", "0"], "give 1 or more, or all"),
        (["cost", "plan", "--json", "--csv"], "is not allowed with --json"),
    ],
)
def test_a_wrong_command_line_is_one_sentence_and_exit_code_2(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    printed = capsys.readouterr()
    if "--json" in arguments:
        assert told in json.loads(printed.out)["error"]["cause"]
    else:
        assert told in printed.err
        assert printed.err.startswith("l3kit: ")
        assert printed.out == ""


def test_without_a_verb_the_help_is_shown_as_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    printed = capsys.readouterr()
    assert "Usage: l3kit" in printed.err
    assert printed.out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["first-light", "aws", "--clean-up", "firstlight-abcd1234", "--dry-run"],
        ["sandbox", "down", "--all", "--name", "mine"],
    ],
)
def test_options_that_contradict_each_other_do_nothing(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert "is not allowed with" in capsys.readouterr().err
