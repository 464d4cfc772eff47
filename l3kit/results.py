"""The machine-readable result of a notebook: one JSON file beside the output notebook."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from l3kit.errors import ConfigurationError
from l3kit.params import project_root

SECRET_WORDS = ("token", "secret", "password", "credential")


def write_result(name: str, data: Mapping[str, Any], path: str | Path = "", *, root: Path | None = None) -> Path:
    """Write a notebook's result, all or nothing.

    Args:
        name: the notebook's name.
        data: plain JSON values; a key `summary` holds the one sentence that `make demo` prints.
        path: where to; empty is `build/results/<name>.json` below the project.
    Returns: the path written.
    Raises: ConfigurationError where a key names a secret: secrets never leave through results.
    """
    _refuse_secrets(data, name)
    target = Path(path) if str(path) else (root or project_root()) / "build" / "results" / f"{name}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"notebook": name, **data}, indent=2, ensure_ascii=False, default=str)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return target


def _refuse_secrets(value: Any, where: str) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if isinstance(inner, str) and inner and any(word in str(key).lower() for word in SECRET_WORDS):
                raise ConfigurationError(f"{where}.{key}", "names a secret", "Leave it out of the result")
            _refuse_secrets(inner, f"{where}.{key}")
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            _refuse_secrets(inner, f"{where}[{index}]")
