"""Names of a twin's resources on Toybox."""

from __future__ import annotations

from l3kit.tiering.settings.function_table import StoreName
from l3kit.twin.naming import STORE_NAMES

NAME = "toybox"


def function_name(twin_name: str, function: str) -> str:
    return f"{twin_name}-{function}"


def store_name(twin_name: str, store: StoreName) -> str:
    return f"{twin_name}-{STORE_NAMES[store]}"
