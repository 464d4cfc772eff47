"""A module's source without docstrings, which are a third of a function's zip. Line numbers in tracebacks stay."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache

Owner = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@cache
def bare(source: bytes) -> bytes:
    """Blank the docstrings of a module, its classes, functions and attributes; the rest stays as it is.

    A class keeps a docstring of one character: without one, `dataclass` would compose it while the function starts.
    """
    lines = source.split(b"\n")
    for node, owner in _docstrings(ast.parse(source)):
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        before, behind = lines[first][: node.col_offset], lines[last][node.end_col_offset :]
        if before.strip() or behind.strip():
            continue
        lines[first : last + 1] = [b""] * (last + 1 - first)
        if isinstance(owner, ast.ClassDef) and owner.body[0] is node:
            lines[first] = before + b'"."'
        elif len(owner.body) == 1:
            lines[first] = before + b"..."
    return b"\n".join(lines)


def _docstrings(owner: Owner) -> Iterator[tuple[ast.Expr, Owner]]:
    """Yield each docstring with the module, class or function that it is in."""
    for node in owner.body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node, owner
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _docstrings(node)
