"""Cosmos DB's partial updates: the six operations of a PATCH."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

MAX_OPERATIONS = 10


class PatchError(ValueError):
    """The patch is invalid for the document; answered with status 400."""


def apply_patch(document: Mapping[str, Any], operations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Apply a patch to a copy of the document. Raises: PatchError."""
    if not 0 < len(operations) <= MAX_OPERATIONS:
        raise PatchError(f"a patch has 1 to {MAX_OPERATIONS} operations")
    result = copy.deepcopy(dict(document))
    for operation in operations:
        _apply(result, operation)
    return result


def _apply(document: dict[str, Any], operation: Mapping[str, Any]) -> None:
    kind = operation.get("op")
    parent, key = _place(document, operation.get("path"))
    if kind == "add":
        _put(parent, key, operation.get("value"), insert=True)
    elif kind == "set":
        _put(parent, key, operation.get("value"))
    elif kind == "replace":
        _take(parent, key, remove=False)
        _put(parent, key, operation.get("value"))
    elif kind == "remove":
        _take(parent, key)
    elif kind == "incr":
        _increment(parent, key, operation.get("value"))
    elif kind == "move":
        source, source_key = _place(document, operation.get("from"))
        _put(parent, key, _take(source, source_key), insert=True)
    else:
        raise PatchError(f"there is no patch operation {kind!r}")


def _place(document: Any, path: Any) -> tuple[Any, str]:
    if not isinstance(path, str) or not path.startswith("/") or path == "/":
        raise PatchError(f"{path!r} is not a path")
    if path == "/id" or path.startswith("/_"):
        raise PatchError(f"{path} cannot be patched")
    *parents, key = [part.replace("~1", "/").replace("~0", "~") for part in path[1:].split("/")]
    for part in parents:
        document = _take(document, part, remove=False)
    if not isinstance(document, (dict, list)):
        raise PatchError(f"{path} is inside a value that is neither an object nor an array")
    return document, key


def _take(parent: Any, key: str, *, remove: bool = True) -> Any:
    try:
        place: Any = int(key) if isinstance(parent, list) else key
        value = parent[place]
    except (KeyError, IndexError, ValueError, TypeError):
        raise PatchError(f"there is nothing at {key}") from None
    if remove:
        del parent[place]
    return value


def _put(parent: Any, key: str, value: Any, *, insert: bool = False) -> None:
    if isinstance(parent, dict):
        parent[key] = value
    elif insert and key == "-":
        parent.append(value)
    elif key.isdecimal() and int(key) < len(parent) + insert:
        parent[int(key) : int(key) + (not insert)] = [value]
    else:
        raise PatchError(f"{key} is outside the array")


def _increment(parent: Any, key: str, value: Any) -> None:
    try:
        old = _take(parent, key, remove=False)
    except PatchError:
        old = 0
    if any(isinstance(number, bool) or not isinstance(number, (int, float)) for number in (old, value)):
        raise PatchError(f"{key} cannot be incremented: both must be numbers")
    _put(parent, key, old + value)
