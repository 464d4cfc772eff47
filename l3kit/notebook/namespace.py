"""The parameters among the names of a notebook's kernel."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

PAPERMILL_NAMES = ("PAPERMILL_INPUT_PATH", "PAPERMILL_OUTPUT_PATH")
PAPERMILL_CELL = "# Parameters"
"""First line of the cell that papermill inserts after the parameters cell."""
JUPYTER_NAMES = frozenset({"In", "Out", "exit", "quit", "get_ipython", "open"})


def parameters_in(namespace: Mapping[str, Any], fields: frozenset[str]) -> dict[str, Any]:
    """Return the notebook's parameters: its fields, and every other plain name set along with them.

    Args:
        namespace: the notebook's `globals()` after its parameters cell.
        fields: the parameters that the notebook has.
    """
    wanted = _set_by_cells(namespace.get("In"), fields)
    return {
        name: value
        for name, value in namespace.items()
        if _is_parameter(name, value) and (wanted is None or name in wanted or name in fields)
    }


def _set_by_cells(history: Any, fields: frozenset[str]) -> frozenset[str] | None:
    """Return the names set by the last parameters cell and papermill's cell after it; None if no such cell has run.

    Args:
        history: IPython's `In`.
    """
    cells = [str(cell) for cell in history] if isinstance(history, list) else []
    names = [_assigned(cell) for cell in cells]
    injected = [cell.lstrip().startswith(PAPERMILL_CELL) for cell in cells] + [False]
    own = [n for n, found in enumerate(names) if not injected[n] and 2 * len(found & fields) > len(fields)]
    if not own:
        return None
    return names[own[-1]] | (names[own[-1] + 1] if injected[own[-1] + 1] else frozenset())


def _assigned(source: str) -> frozenset[str]:
    """The names that a cell assigns at its top level."""
    try:
        statements = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError):
        return frozenset()
    targets = [target for one in statements if isinstance(one, ast.Assign) for target in one.targets]
    return frozenset(target.id for target in targets if isinstance(target, ast.Name))


def _is_parameter(name: str, value: Any) -> bool:
    plain = isinstance(value, str | int | float | bool | list | dict | tuple) or value is None
    return plain and not name.startswith("_") and name not in JUPYTER_NAMES and name not in PAPERMILL_NAMES
