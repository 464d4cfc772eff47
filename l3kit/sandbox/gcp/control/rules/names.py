"""The two names of a field of a protocol buffer: `updateMask` in JSON, `update_mask` in its definition."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

_Value = TypeVar("_Value")
_UPPER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BELOW = re.compile(r"_+([a-z0-9])")


def in_definition(name: str) -> str:
    """Return a field's name as its definition has it."""
    return _UPPER.sub("_", name).lower()


def in_json(name: str) -> str:
    """Return a field's name as JSON has it."""
    return _BELOW.sub(lambda found: found[1].upper(), name)


def known(fields: Mapping[str, _Value], name: str, *, proto: bool) -> str | None:
    """Return the JSON name of a field that is given by either name; None for one that is not there."""
    if name in fields:
        return name
    other = in_json(name)
    return other if proto and "_" in name and other in fields else None
