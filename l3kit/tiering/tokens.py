"""The tokens of a link: the current one, and former ones that stay valid for a limited time after a rotation."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

TOKEN_VARIABLE = "INTER_CLOUD_TOKEN"
FORMER_VARIABLE = "INTER_CLOUD_TOKEN_PREVIOUS"
"""Set on receivers only: `2026-11-28T17:00:00Z <token>`, once for each former token."""
GRACE = timedelta(hours=1)
"""Validity of a former token: four times the longest mover run (15 minutes).

That leaves time to update the senders and to repeat an interrupted apply.
"""
_FORM = "%Y-%m-%dT%H:%M:%SZ"


class Secret:
    """A token that is never shown in a repr, a log line or an f-string."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value.strip()

    def reveal(self) -> str:
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Secret(***)" if self._value else "Secret(blank)"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class FormerToken:
    """A replaced token, valid before `until` (UTC, whole seconds)."""

    until: datetime
    token: Secret


def parse_former(text: str) -> tuple[FormerToken, ...]:
    """Parse a receiver's variable with former tokens.

    Raises: ValueError, without the text, if it is not pairs of an expiry time and a token.
    """
    words = text.split()
    if len(words) % 2:
        raise ValueError("is not pairs of an expiry time and a token")
    try:
        ends = [parse_end(word) for word in words[::2]]
    except ValueError:  # its message might contain a token
        raise ValueError("is not pairs of an expiry time and a token") from None
    return tuple(FormerToken(end, Secret(token)) for end, token in zip(ends, words[1::2], strict=True))


def format_former(former: Iterable[FormerToken]) -> str:
    """The inverse of `parse_former`; the text contains the tokens. Omits tokens with whitespace in them."""
    pairs = [(format_end(one.until), one.token.reveal()) for one in former]
    return " ".join(f"{end} {token}" for end, token in pairs if len(token.split()) == 1)


def format_end(moment: datetime) -> str:
    """Format an expiry time: `2026-11-28T17:00:00Z`."""
    return moment.astimezone(UTC).strftime(_FORM)


def parse_end(text: str) -> datetime:
    """The inverse of `format_end`. Raises: ValueError, with the text."""
    return datetime.strptime(text, _FORM).replace(tzinfo=UTC)


def unexpired(former: Sequence[FormerToken], now: datetime) -> tuple[FormerToken, ...]:
    """The tokens that have not expired."""
    return tuple(one for one in former if now < one.until)
