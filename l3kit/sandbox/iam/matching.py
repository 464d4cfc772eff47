"""Wildcards of policies: `*` is any text, `?` one character."""

from __future__ import annotations

import re
from functools import lru_cache

ARN_PARTS = 6


@lru_cache(maxsize=8192)
def pattern(text: str, *, ignore_case: bool = False) -> re.Pattern[str]:
    """The compiled form of a text with wildcards."""
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in text)
    return re.compile("".join(parts), re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def matches(wanted: str, actual: str, *, ignore_case: bool = False) -> bool:
    """Whether a text with wildcards covers another text as a whole."""
    if wanted == "*":
        return True
    if "*" not in wanted and "?" not in wanted:
        return wanted == actual or (ignore_case and wanted.lower() == actual.lower())
    return pattern(wanted, ignore_case=ignore_case).fullmatch(actual) is not None


def action_matches(wanted: str, action: str) -> bool:
    """Service prefix and action name, without regard to case."""
    return matches(wanted, action, ignore_case=True)


def arn_matches(wanted: str, arn: str) -> bool:
    """As ArnLike compares: each of the six parts by itself; a `*` reaches over no colon before the last."""
    wanted_parts, parts = wanted.split(":", ARN_PARTS - 1), arn.split(":", ARN_PARTS - 1)
    if len(wanted_parts) != ARN_PARTS or len(parts) != ARN_PARTS:
        return wanted == "*"
    return all(matches(one, other) for one, other in zip(wanted_parts, parts, strict=True))
