"""Names of a twin's resources on Toybox."""

from __future__ import annotations

from l3kit.tiering.settings.function_table import StoreName
from l3kit.twin.naming import STORE_NAMES, function_name

__all__ = ["NAME", "function_name", "store_name"]
NAME = "toybox"


def store_name(twin_name: str, store: StoreName) -> str:
    return f"{twin_name}-{STORE_NAMES[store]}"
