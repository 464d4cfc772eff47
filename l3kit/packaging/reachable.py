"""The modules of l3kit that a function can import, read from the syntax of its files; nothing is run.

`modulefinder` would follow imports for type checking as well; grimp is a dependency of `make lint` alone.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from pathlib import Path

from l3kit.packaging.shipped import PACKAGE


def reachable(
    entry: Iterable[Path], own: Collection[str], late: Collection[str], package: Path = PACKAGE
) -> list[Path]:
    """Return the files of a package that these files import, directly or through others, sorted.

    Args:
        own: the function's late modules (`settings.late_modules`); they are reached.
        late: those of all functions; from a function body, only its own ones are reached.
    """
    others = {*late} - {*own}
    found: dict[str, Path] = {}
    todo = {*own}.union(*(_followed(path, others) for path in entry))
    while todo:
        name = todo.pop()
        path = _file(package, name)
        if path is None or name in found:
            continue
        found[name] = path
        todo |= _followed(path, others) | {name.rpartition(".")[0]}
    return sorted(found.values())


def _followed(path: Path, others: Collection[str]) -> set[str]:
    return {name for name, is_late in _imports(path.read_bytes()) if not (is_late and name in others)}


@cache
def _imports(source: bytes) -> tuple[tuple[str, bool], ...]:
    """Return a file's imports, each with whether it is in a function body; some names are no modules."""
    return tuple(_imports_in(ast.parse(source).body, is_late=False))


def _imports_in(statements: Iterable[ast.AST], *, is_late: bool) -> Iterator[tuple[str, bool]]:
    """Look into statements alone: an expression imports nothing, and most of a file is expressions."""
    for node in statements:
        if isinstance(node, ast.Import):
            yield from ((alias.name, is_late) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module), is_late
            yield from ((f"{node.module}.{alias.name}", is_late) for alias in node.names)
        else:
            blocks = ("orelse",) if isinstance(node, ast.If) and _is_type_checking(node.test) else _BLOCKS
            inside_late = is_late or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            for block in blocks:
                yield from _imports_in(getattr(node, block, ()), is_late=inside_late)


_BLOCKS = ("body", "handlers", "orelse", "finalbody", "cases")
"""Attributes of a statement, an except clause or a case that hold the statements inside it."""


def _is_type_checking(test: ast.expr) -> bool:
    return getattr(test, "id", getattr(test, "attr", "")) == "TYPE_CHECKING"


def _file(package: Path, name: str) -> Path | None:
    """Return the file of a module of the package; None for any other name."""
    first, _, rest = name.partition(".")
    if first != package.name:
        return None
    place = package.joinpath(*rest.split(".")) if rest else package
    return next((path for path in (place / "__init__.py", place.with_suffix(".py")) if path.is_file()), None)
