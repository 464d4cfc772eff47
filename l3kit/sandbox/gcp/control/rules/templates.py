"""Paths of methods: templates such as `v1/{+name}:undelete`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

_PART = re.compile(r"\{(\+?)(\w+)\}")


@dataclass(frozen=True, slots=True)
class Template:
    """A path with places for parameters.

    Attributes:
        action: a name behind the last colon, `undelete` for example; blank for a plain path.
    """

    text: str
    action: str
    _pattern: re.Pattern[str]

    @classmethod
    def of(cls, path: str, parameters: Mapping[str, Mapping[str, Any]]) -> Template:
        """Read a template; `{+name}` stands for several segments, as the parameter's pattern says."""
        plain, _, action = path.partition(":")
        pattern, end = "", 0
        for place in _PART.finditer(plain):
            inner = "[^/]+"
            if place[1]:
                inner = parameters[place[2]].get("pattern", "^.+$").removeprefix("^").removesuffix("$")
            pattern += re.escape(plain[end : place.start()]) + f"(?P<{place[2]}>{inner})"
            end = place.end()
        return cls(path, action, re.compile(pattern + re.escape(plain[end:])))

    def parameters(self, path: str) -> dict[str, str] | None:
        """Return the parameters in a path without its action, percent-decoded; None for a path of another form."""
        found = self._pattern.fullmatch(path)
        return found and {name: unquote(value) for name, value in found.groupdict().items()}


def split(path: str, actions: frozenset[str]) -> tuple[str, str]:
    """Return a path without its action, and the action: one of those given, behind the last segment's last colon."""
    bare = path.removeprefix("/")
    head, colon, tail = bare.rpartition(":")
    return (head, tail) if colon and "/" not in tail and tail in actions else (bare, "")
