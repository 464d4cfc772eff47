"""A function's zip has no docstrings, and is otherwise its source, line by line."""

from __future__ import annotations

import ast
import inspect

from l3kit.packaging.bare import bare
from l3kit.packaging.shipped import PACKAGE

SOURCE = b'''"""Module."""

LIMIT = 3
"""Attribute,
in two lines."""


class Port:
    """Class."""

    size: int
    """Field."""

    def ask(self) -> None:
        """Only a docstring."""

    def text(self) -> str:
        """First."""
        return """not a docstring"""


class Alone:
    """Only a docstring."""
'''
BARE = b"""

LIMIT = 3




class Port:
    "."

    size: int


    def ask(self) -> None:
        ...

    def text(self) -> str:

        return \"""not a docstring\"""


class Alone:
    "."
"""


def test_docstrings_are_blanked_and_all_else_stays_on_its_line() -> None:
    assert bare(SOURCE) == BARE


def code_of(source: bytes) -> list[str]:
    """The statements of a source other than texts and placeholders, with their lines."""
    return [
        f"{node.lineno} {ast.dump(node) if isinstance(node, ast.expr) else type(node).__name__}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.stmt) and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]


def test_every_module_keeps_its_statements_and_their_lines() -> None:
    for path in (PACKAGE / "tiering").rglob("*.py"):
        source = path.read_bytes()
        assert code_of(bare(source)) == code_of(source), path


def test_a_line_with_more_than_a_docstring_is_left_as_it_is() -> None:
    source = b'def f(): "text"; return 1\n'
    assert bare(source) == source


def test_a_dataclass_does_not_compose_a_docstring() -> None:
    namespace: dict[str, object] = {}
    source = b'from dataclasses import dataclass\n@dataclass\nclass A:\n    """Text."""\n    x: int\n'
    exec(compile(bare(source), "a.py", "exec"), namespace)
    assert inspect.getdoc(namespace["A"]) == "."
