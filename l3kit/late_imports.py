"""Lazy exports: a package loads a name on first access, so that importing one module loads no others."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any


def lazy_exports(package: str, places: Mapping[str, str]) -> Callable[[str], Any]:
    """Return a package's `__getattr__`.

    Args:
        places: the exported names, each with its module.
    """

    def look_up(name: str) -> Any:
        if name not in places:
            exported = ", ".join(sorted(places))
            raise AttributeError(f"module {package!r} has no attribute {name!r}; it exports {exported}")
        value = getattr(importlib.import_module(places[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    return look_up
