"""The words of a failed call that may be shown: printable, short, without the caller's secrets. No I/O."""

from __future__ import annotations

from collections.abc import Iterable

AGAIN = "The message is delivered again"
"""Remedy where nothing but another try is needed: the source keeps a message until it has been dealt with."""
LONGEST = 500
"""Maximum characters of another side's message that are repeated."""


def shown(words: str, secrets: Iterable[str] = ()) -> str:
    """Return the words as they may be shown.

    Args:
        secrets: replaced before the text is shortened, so that no part of one is left.
    """
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        words = words.replace(secret, "***")
    words = "".join(sign if sign.isprintable() else " " for sign in words).strip()
    return words if len(words) <= LONGEST else f"{words[:LONGEST]}..."
