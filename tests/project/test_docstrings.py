"""Docstrings of l3kit are imperatives or noun phrases, not relative clauses."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from inspect import cleandoc
from itertools import pairwise
from pathlib import Path

import pytest

import l3kit

PACKAGE = Path(l3kit.__file__).parent
CLAUSE = re.compile(r"(What|Whether|How|Where|When|Why|Who|Whose|Which|(By|In|On|To|For) (what|which|whom))\b")
"""Words that begin a relative clause; a docstring names the thing or the deed instead."""

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and the statements in it; expressions, which are most of a module, are left out."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield from statements(child)


def docstrings(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line and text of each docstring: of modules, classes, functions and assigned names."""
    for node in statements(ast.parse(text)):
        if isinstance(node, Documented):
            yield getattr(node, "lineno", 1), ast.get_docstring(node) or ""
        if isinstance(node, ast.Module | ast.ClassDef):
            for pair in pairwise(node.body):
                match pair:
                    case ast.Assign() | ast.AnnAssign(), ast.Expr(ast.Constant(str(docstring)), lineno=line):
                        yield line, cleandoc(docstring)


def clauses(text: str) -> Iterator[str]:
    """Yield the line and the docstring of everything whose docstring begins with a clause."""
    for line, docstring in docstrings(text):
        if CLAUSE.match(docstring):
            yield f"{line}: {docstring.splitlines()[0]}"


def test_no_docstring_begins_with_a_relative_clause() -> None:
    modules = sorted(PACKAGE.rglob("*.py"))
    assert modules
    assert [f"{path.relative_to(PACKAGE)}:{found}" for path in modules for found in clauses(path.read_text())] == []


@pytest.mark.parametrize("text", ["What it does.", "Whether it is so.", "How it works.", "By which it is known."])
@pytest.mark.parametrize(
    "place",
    [
        '"""{}"""',
        'class A:\n    """{}"""',
        'async def a():\n    """{}"""',
        'A = 1\n"""{}"""',
        'class A:\n    a: int = 1\n    """{}"""',
    ],
)
def test_a_relative_clause_is_found(place: str, text: str) -> None:
    assert [found.split(": ", 1)[1] for found in clauses(place.format(text))] == [text]


@pytest.mark.parametrize("text", ["Return whether it is so.", "Number of rows.", "Whichever comes first."])
def test_an_imperative_or_noun_phrase_passes(text: str) -> None:
    assert list(clauses(f'"""{text}"""')) == []
