"""Loads modules of l3kit as if only some extras were installed: `python -m tests.programs.with_extra aws l3kit.deploy`.

A package name loads all its modules. Distributions outside the extras' dependencies are hidden from imports; what
could not be loaded is printed, one module a line.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import ModuleSpec
from importlib.metadata import packages_distributions

from packaging.utils import canonicalize_name

from tests.support.extras import brought_by


class OnlyThese:
    """Hides the top-level modules that none of these distributions has."""

    def __init__(self, distributions: Iterable[str]) -> None:
        allowed = set(distributions)
        self._hidden = {
            module
            for module, owners in packages_distributions().items()
            if not allowed & {canonicalize_name(owner) for owner in owners}
        }

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name.partition(".")[0] in self._hidden:
            raise ModuleNotFoundError(f"{name} is not in the extras", name=name)
        return None


def _modules(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        yield name
        for found in pkgutil.walk_packages(getattr(importlib.import_module(name), "__path__", ()), f"{name}."):
            yield found.name


def only(*extras: str) -> None:
    """From now on, hide from this process what these extras do not bring."""
    sys.meta_path.insert(0, OnlyThese({"l3kit", *brought_by(*extras)}))


def main(extras: str, *names: str) -> None:
    only(*extras.split(","))
    for name in _modules(names):
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            print(f"{name} needs {error.name}")


if __name__ == "__main__":
    main(*sys.argv[1:])
