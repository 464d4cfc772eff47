"""What README.md and docs show as code exists: Python is run, calls fit their signatures, command lines parse."""

from __future__ import annotations

import ast
import gzip
import importlib
import importlib.util
import inspect
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer import TyperException

import l3kit
from l3kit import cli
from l3kit.cli.program import root_command
from l3kit.operate.movers import MoverRun
from l3kit.operate.open_twin import OpenTwin
from l3kit.session import Session
from l3kit.twin.config import Twin

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
NEEDS_A_SANDBOX = {"measure_move"}
EXAMPLE = ROOT / "params" / "twins" / "nyc-weather"


def fences(page: Path, language: str) -> list[str]:
    """The blocks of a language, also those in lists, without what indents them."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [re.sub(f"^{indent}", "", block, flags=re.MULTILINE) for indent, block in found]


def inline(page: Path) -> list[str]:
    """Code between backticks, outside of fences."""
    text = re.sub(r"^ *```.*?^ *```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [code.replace("\n", " ") for code in re.findall(r"`([^`]+)`", text)]


def opened() -> OpenTwin:
    """What the pages call `twin`, without any cloud."""
    return OpenTwin(Twin.load(EXAMPLE), Session("sandbox", {}))


# --- Python -----------------------------------------------------------------------------------------------------


def report() -> dict[str, Any]:
    """A hot-to-cold run from AWS to another cloud."""
    device = {"device_id": "EWR", "items": 5000, "chunks": 1, "bytes": 895_000}
    counts = {"hot.query": 4, "target.post": 1, "journal.put": 3, "hot.batch_delete": 200}
    return {
        "function": "hot-to-cold-mover",
        "verdict": "complete",
        **{name: device[name] for name in ("items", "chunks", "bytes")},
        "seconds": 2.5,
        "requests": counts,
        "retries": {},
        "units": {"read": 700.0, "write": 5100.0},
        "devices": [device],
    }


def given_to_cost(folder: Path) -> dict[str, Any]:
    """What docs/reference/cost.md has already when its code begins; the values are those of the file that it shows.

    Of the sample that they name there is a part in the folder: all of it takes 3 s to compress.
    """
    (values,) = (yaml.safe_load(text) for text in fences(ROOT / "docs" / "reference" / "cost.md", "yaml"))
    path = folder / values["sample"]
    path.parent.mkdir(parents=True)
    with gzip.open(ROOT / values["sample"], "rt") as whole, gzip.open(path, "wt") as part:
        part.writelines(islice(whole, 1000))
    run = MoverRun("hot-to-cold-mover", (report(),))
    other = l3kit.cost.Scenario.of({**values, "layout": "aws-aws-aws"}, folder).bill()
    return {
        "values": values,
        "folder": folder,
        "path": path,
        "today": date(2026, 11, 28),
        "other": other,
        "run": run,
        "runs": [(datetime(2026, 1, 1, tzinfo=UTC), run, MoverRun("cold-to-archive-mover", (report(),)))],
        "twin": opened(),
    }


def test_the_code_of_the_page_on_costs_runs(tmp_path: Path) -> None:
    names, left = given_to_cost(tmp_path), 0
    for block in fences(ROOT / "docs" / "reference" / "cost.md", "python"):
        for statement in ast.parse(block).body:
            if any(isinstance(n, ast.Attribute) and n.attr in NEEDS_A_SANDBOX for n in ast.walk(statement)):
                left += 1
            else:
                exec(compile(ast.Module([statement], []), "docs/reference/cost.md", "exec"), names)
    assert left == 1, "the small move in the sandbox, which the notebook cost_analysis makes"


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute) and (before := dotted(node.value)):
        return f"{before}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def found(name: str, names: Mapping[str, Any]) -> Any:
    """What a dotted name of a page means. Raises: ModuleNotFoundError, AttributeError where there is no such name."""
    first, *rest = name.split(".")
    value = names[first]
    for part in rest:
        try:
            value = getattr(value, part)
        except AttributeError:
            if not inspect.ismodule(value):
                raise
            value = importlib.import_module(f"{value.__name__}.{part}")
    return value


def known(block: str) -> dict[str, Any]:
    """l3kit, what it exports, an open twin, and what the block imports."""
    names: dict[str, Any] = {"l3kit": l3kit, "twin": opened(), **{name: getattr(l3kit, name) for name in l3kit.__all__}}
    imports = [s for s in ast.parse(block).body if isinstance(s, ast.Import | ast.ImportFrom)]
    exec(compile(ast.Module(list(imports), []), "docs", "exec"), names)
    return names


def calls(page: Path) -> Iterator[tuple[ast.Call, dict[str, Any]]]:
    """Every call of a function of l3kit in the page's Python and between its backticks."""
    for block in fences(page, "python"):
        names = known(block)
        assigned = {target.id for s in ast.walk(ast.parse(block)) for target in _targets(s)}
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.Call) and (name := dotted(node.func)) and name.split(".")[0] not in assigned:
                yield node, names
    for code in inline(page):
        try:
            node = ast.parse(code, mode="eval").body
        except SyntaxError:
            continue
        if isinstance(node, ast.Call) and dotted(node.func).split(".")[0] in (names := known("")):
            yield node, names


def _targets(node: ast.AST) -> list[ast.Name]:
    return [t for t in node.targets if isinstance(t, ast.Name)] if isinstance(node, ast.Assign) else []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_calls_fit_their_signatures(page: Path) -> None:
    for node, names in calls(page):
        name = dotted(node.func)
        if name.split(".")[0] not in names:
            continue
        function = found(name, names)
        placed = [ast.unparse(argument) for argument in node.args]
        named = {keyword.arg: None for keyword in node.keywords if keyword.arg}
        if placed == ["..."] or placed == ["…"]:
            continue
        inspect.signature(function).bind(*placed, **named)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_names_of_the_package_exist(page: Path) -> None:
    for code in inline(page):
        if re.fullmatch(r"l3kit(\.\w+)+", code):
            found(code, {"l3kit": l3kit})


def test_the_check_of_calls_sees_what_is_there() -> None:
    seen = {dotted(node.func) for page in PAGES for node, _ in calls(page)}
    assert {"sandbox.ensure_up", "arm", "l3kit.examples.measure_move", "twin.end_lease", "l3kit.open"} <= seen
    with pytest.raises(ModuleNotFoundError):
        found("l3kit.no_such_verb", {"l3kit": l3kit})
    with pytest.raises(ModuleNotFoundError):
        found("l3kit.sandbox.no_such", {"l3kit": l3kit})


def test_json_and_yaml_of_the_pages_can_be_read() -> None:
    read = [json.loads(text) for page in PAGES for text in fences(page, "json")]
    read += [yaml.safe_load(text) for page in PAGES for text in fences(page, "yaml")]
    assert len(read) > 5


# --- command lines ----------------------------------------------------------------------------------------------


def command_lines(program: str) -> list[str]:
    """Lines of fences and code between backticks that begin with this program; what comments them is left out."""
    lines = [line for page in PAGES for fence in fences(page, "(?:sh)?") for line in fence.splitlines()]
    lines += [code for page in PAGES for code in inline(page)]
    pattern = re.compile(rf"(?:\.venv/bin/)?{program} \S")
    return [re.split(r"  +|\s+#", line.strip())[0] for line in lines if pattern.match(line.strip())]


def options_of(line: str) -> list[str]:
    return re.findall(r"--[a-z][a-z-]+", line)


def test_make_targets_and_their_variables_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for line in command_lines("make"):
        _, *words = line.split()
        for word in words:
            name, equals, value = word.partition("=")
            if equals:
                assert f"$({name})" in makefile or re.search(rf"^{name} [?:]=", makefile, re.MULTILINE), line
                assert "/" not in value or (ROOT / value).exists(), line
            else:
                assert word in targets, line


@pytest.mark.parametrize("line", sorted(set(command_lines("l3kit"))))
def test_l3kit_command_lines_parse(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = line.replace("[", " ").split()[1:]
    verbs = []
    for word in words:
        if not re.fullmatch(r"[a-z][a-z-]*", word):
            break
        verbs.append(word)
    assert cli.main([*verbs, "--help"]) == 0, line
    usage = capsys.readouterr().out
    for option in options_of(line):
        assert re.search(rf"{option}\b", usage), line


def typed_lines() -> set[str]:
    """What readers type as it stands: lines of blocks marked as a shell's. Unmarked ones may hold a synopsis."""
    lines = [line for page in PAGES for fence in fences(page, "sh") for line in fence.splitlines()]
    return {line for line in lines if line.startswith("l3kit ")}


@pytest.mark.parametrize("line", sorted(typed_lines()))
def test_what_readers_type_is_a_whole_command_line(line: str) -> None:
    command, words = root_command(), shlex.split(line)[1:]
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    command.make_context(line, words)


@pytest.mark.parametrize("line", ["l3kit query pump-1 --form 2025", "l3kit audit --sample", "l3kit plan x y"])
def test_a_command_line_with_a_fault_is_noticed(line: str) -> None:
    with pytest.raises(TyperException):
        test_what_readers_type_is_a_whole_command_line(line)


@pytest.mark.parametrize("line", sorted(set(command_lines("papermill"))))
def test_papermill_command_lines_name_files_and_parameters_that_exist(line: str) -> None:
    words = line.split()
    notebooks = [word for word in words if word.endswith(".ipynb") and "/" in word]
    cells = [json.loads((ROOT / path).read_text())["cells"] for path in notebooks]
    for flag, value in pairwise(words):
        if flag == "-f":
            assert (ROOT / value).is_file(), line
        if flag == "-p":
            (first,) = ("".join(c["source"]) for c in cells[0] if "parameters" in c["metadata"].get("tags", []))
            assert re.search(rf"^{value} = ", first, re.MULTILINE), line


@pytest.mark.parametrize("line", sorted(set(command_lines("python -m"))))
def test_modules_of_command_lines_exist_and_have_their_options(line: str) -> None:
    module = line.split()[2]
    spec = importlib.util.find_spec(module)
    assert spec is not None, line
    assert spec.origin is not None
    declared = "_pytest.main" if module == "pytest" else module
    origin = getattr(importlib.util.find_spec(declared), "origin", "")
    for option in set(options_of(line)) - {"--help"}:
        assert f'"{option}"' in Path(origin).read_text(), line
