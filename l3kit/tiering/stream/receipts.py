"""Times of receipt alongside the messages of a call: when the source of layer 1 took each. No I/O.

They only order the versions of one reading; so a missing or malformed one counts as unknown,
and never stops a message.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import orjson

MEMBER = "received"
"""The optional member of a call or request: a list as long as that of the messages, of ISO 8601 with a zone or null."""
MAX_BYTES = 36
"""Maximum bytes of one time in the list."""


def receipts_member(received: Sequence[datetime | None]) -> bytes:
    """The member and a comma, for use before another member; empty if no time is known."""
    if not any(received):
        return b""
    texts = [None if one is None else one.astimezone(UTC).isoformat() for one in received]
    return b'"%b":%b,' % (MEMBER.encode(), orjson.dumps(texts))


def receipts_of(content: bytes | None, count: int) -> list[datetime | None]:
    """Read the member's content for this many messages; if it is missing or has another length, all are unknown."""
    try:
        texts = orjson.loads(content or b"null")
    except orjson.JSONDecodeError:
        texts = None
    if not isinstance(texts, list) or len(texts) != count:
        return [None] * count
    return [_moment(text) for text in texts]


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
        return moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
