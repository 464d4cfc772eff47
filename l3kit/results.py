"""The machine-readable result of a notebook: one JSON file beside the output notebook."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from l3kit.errors import ConfigurationError
from l3kit.files import write_whole
from l3kit.params import project_root

SECRET_WORDS = ("token", "secret", "password", "credential")
MAX_INT_BITS = 14_000
"""Python writes whole numbers of up to 4,300 digits; longer ones go into a result as text."""


def write_result(name: str, data: Mapping[str, Any], path: str | Path = "", *, root: Path | None = None) -> Path:
    """Write a notebook's result, all or nothing.

    Args:
        name: the notebook's name.
        data: plain JSON values; a key `summary` holds the one sentence that `make demo` prints.
        path: where to; empty is `build/results/<name>.json` below the project.
    Returns: the path written.
    Numbers that JSON lacks (NaN, infinities) become null; numpy's become plain ones.
    Raises: ConfigurationError where a key names a secret (secrets never leave through results), a value is nested too
        deeply or holds itself, or the file cannot be written; an earlier one is left as it was.
    """
    try:
        plain = _plain({"notebook": name, **data}, name)
        text = json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False, default=str)
    except RecursionError:
        raise ConfigurationError(f"result of {name}", "is nested too deeply", "Give plain values to it") from None
    target = Path(path) if str(path) else (root or project_root()) / "build" / "results" / f"{name}.json"
    write_whole(target, text + "\n")
    return target


def _plain(value: Any, where: str, *, secret: bool = False) -> Any:
    """The value as plain JSON; text below a key that names a secret is refused, however deep."""
    if isinstance(value, Mapping):
        return {
            str(key): _plain(
                inner, f"{where}.{key}", secret=secret or any(word in str(key).lower() for word in SECRET_WORDS)
            )
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_plain(inner, f"{where}[{index}]", secret=secret) for index, inner in enumerate(value)]
    if secret and isinstance(value, str | bytes) and value:
        raise ConfigurationError(where, "names a secret", "Leave it out of the result")
    if getattr(value, "ndim", None) == 0:
        value = value.item()
    if isinstance(value, int) and value.bit_length() > MAX_INT_BITS:
        return str(Decimal(value))
    return None if isinstance(value, float) and not math.isfinite(value) else value
