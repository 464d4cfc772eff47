"""The exit codes of each verb: those that its code returns are those that its help and the page have."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from l3kit.cli import exit_codes
from l3kit.cli.program import root_command

FOLDER = Path(exit_codes.__file__).parent
CODES = {name: code for name, code in vars(exit_codes).items() if name.isupper() and isinstance(code, int)}
PASSED_ON = {"first-light": {exit_codes.ERROR}}
"""Codes that a verb has from a report."""


def verbs_of(module: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """The functions that are verbs, by their words."""
    for node in ast.walk(module):
        for call in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "verb":
                app, name = call.args
                assert isinstance(app, ast.Name)
                assert isinstance(name, ast.Constant)
                assert isinstance(name.value, str)
                assert isinstance(node, ast.FunctionDef)
                yield f"{app.id} {name.value}".removeprefix("app "), node


def returned(function: ast.FunctionDef, functions: Mapping[str, ast.FunctionDef]) -> set[int]:
    """The codes that a function returns, and those that it calls in its module."""
    found: set[int] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and node.value is not None:
            found |= {CODES[one.id] for one in ast.walk(node.value) if isinstance(one, ast.Name) and one.id in CODES}
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in functions:
            found |= returned(functions[node.func.id], functions)
    return found


def codes_by_verb() -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for path in FOLDER.glob("*.py"):
        module = ast.parse(path.read_text("utf-8"))
        functions = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}
        for verb, function in verbs_of(module):
            found[verb] = returned(function, functions) | PASSED_ON.get(verb, set())
    return found


def test_a_verb_returns_the_codes_that_are_told_of_it_and_no_others() -> None:
    told = {verb: set(codes) - {exit_codes.SUCCESS} for verb, codes in exit_codes.OF_VERBS.items()}
    found = {verb: codes - {exit_codes.SUCCESS} for verb, codes in codes_by_verb().items()}
    assert {"init", "cost plan", "sandbox up"} <= set(found)
    assert {verb: codes for verb, codes in found.items() if codes} == told


@pytest.mark.parametrize("verb", codes_by_verb())
def test_the_help_of_a_verb_ends_with_its_codes(verb: str) -> None:
    command = root_command()
    for word in verb.split():
        command = command.commands[word]  # type: ignore[attr-defined]
    end = (command.epilog or "").partition("Exit codes:\n")[2]
    told = exit_codes.codes_of(verb) if verb in exit_codes.OF_VERBS else {}
    assert {f"  {code:<4}{meaning}" for code, meaning in told.items()} <= set(end.splitlines())
    assert bool(end) == bool(told)
    assert "xit code" not in (command.help or "")
