"""The tokens of a link: the one in force, and former ones that are taken until their end while it is rotated."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

TOKEN_VARIABLE = "INTER_CLOUD_TOKEN"
FORMER_VARIABLE = "INTER_CLOUD_TOKEN_PREVIOUS"
"""A receiver's alone: `2026-11-28T17:00:00Z <token>`, once for each former token."""
GRACE = timedelta(hours=1)
"""How long a former token is still taken: four times as long as a mover may run with it (15 minutes), so that there is
time to give the new one to the senders, and to repeat an apply that was interrupted between the two."""
_FORM = "%Y-%m-%dT%H:%M:%SZ"


class Secret:
    """A token that never shows itself: not in a repr, a log line or an f-string."""

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
    """A token that was replaced; it is taken before `until` (UTC, whole seconds)."""

    until: datetime
    token: Secret


def parse_former(text: str) -> tuple[FormerToken, ...]:
    """The former tokens that a receiver's variable holds.

    Raises: ValueError, without the text, where it is not pairs of an end and a token.
    """
    words = text.split()
    if len(words) % 2:
        raise ValueError("is not pairs of an end time and a token")
    try:
        ends = [datetime.strptime(word, _FORM).replace(tzinfo=UTC) for word in words[::2]]
    except ValueError:  # whose message would hold what may be a token
        raise ValueError("is not pairs of an end time and a token") from None
    return tuple(FormerToken(end, Secret(token)) for end, token in zip(ends, words[1::2], strict=True))


def format_former(former: Iterable[FormerToken]) -> str:
    """As `parse_former` reads it; it holds the tokens. A token with a blank in it cannot be told so and is left out."""
    told = [(format_end(one.until), one.token.reveal()) for one in former]
    return " ".join(f"{end} {token}" for end, token in told if len(token.split()) == 1)


def format_end(moment: datetime) -> str:
    """An end as people and variables are told it: `2026-11-28T17:00:00Z`."""
    return moment.astimezone(UTC).strftime(_FORM)


def still_taken(former: Sequence[FormerToken], now: datetime) -> tuple[FormerToken, ...]:
    """Those whose end has not come."""
    return tuple(one for one in former if now < one.until)
