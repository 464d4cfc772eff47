"""Error text of a failed call for display: printable, short, without the caller's secrets. No I/O."""

from __future__ import annotations

from collections.abc import Iterable

AGAIN = "The message is delivered again"
"""Remedy where a retry suffices: the source keeps a message until it has been handled."""
LONGEST = 500
"""Maximum characters of the quoted text."""


def shown(words: str, secrets: Iterable[str] = ()) -> str:
    """Return the text in displayable form.

    Args:
        secrets: replaced before the text is shortened, so that no part of one remains.
    """
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        words = words.replace(secret, "***")
    words = "".join(sign if sign.isprintable() else " " for sign in words).strip()
    return words if len(words) <= LONGEST else f"{words[:LONGEST]}..."
