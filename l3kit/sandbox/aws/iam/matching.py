"""Wildcards in policies: `*` matches any text, `?` one character."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=8192)
def pattern(text: str) -> re.Pattern[str]:
    """Compile a text with wildcards."""
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in text)
    return re.compile("".join(parts), re.DOTALL)


def matches(wanted: str, actual: str) -> bool:
    """Return whether a text with wildcards matches the whole of another text."""
    if wanted == "*":
        return True
    if not has_wildcard(wanted):
        return wanted == actual
    return pattern(wanted).fullmatch(actual) is not None


def matches_arn(wanted: str, actual: str) -> bool:
    """Return whether `ArnLike` holds: each of an ARN's six parts is matched separately."""
    parts, given = wanted.split(":", 5), actual.split(":", 5)
    return len(parts) == len(given) and all(map(matches, parts, given))


def has_wildcard(text: str) -> bool:
    return "*" in text or "?" in text
