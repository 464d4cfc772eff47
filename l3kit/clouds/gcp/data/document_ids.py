"""Firestore document ids: validity, encoding, and positions of arbitrary texts among valid ids.

Firestore orders ids by their UTF-8 bytes, which is the order of Python's strings. It refuses some texts as ids, and may
refuse them in a cursor as well, so a bound is moved to a valid id without changing which ids it separates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

MAX_BYTES = 1500
_UNHOLDABLE = re.compile("[/\ud800-\udfff]")
RESERVED = re.compile(r"__.*__", re.DOTALL)
"""Ids and field names that Firestore reserves."""
_ENCODED = re.compile(r"[/%\x00-\x1f\x7f]")
_LAST_OF_BYTES = ("", "\x7f", "\u07ff", "\uffff")
"""The greatest character of one, two and three UTF-8 bytes."""


@dataclass(frozen=True, slots=True)
class Position:
    """A position between ids: right before `id`, or right after it."""

    id: str
    before: bool


def refusal(text: str) -> str | None:
    """The reason why this is not a valid document id; None if it is."""
    if not text:
        return "is empty"
    found = _UNHOLDABLE.search(text)
    if found:
        return f"has the character {found[0]!r}, which no Firestore document id may have"
    if text in (".", "..") or RESERVED.fullmatch(text):
        return "is a text that Firestore reserves"
    if len(text.encode()) > MAX_BYTES:
        return f"is longer than the {MAX_BYTES} bytes of a Firestore document id"
    return None


def encode(text: str) -> str:
    """Encode a text as a document id.

    Percent-encodes slashes, percent signs, control characters, a leading `__`, `.` and `..`, and nothing else. The
    result is still invalid, see `refusal`, if it is empty, too long, or has a lone surrogate.
    """
    if text in (".", ".."):
        return text.replace(".", "%2E")
    encoded = _ENCODED.sub(lambda match: f"%{ord(match[0]):02X}", text)
    return "%5F" + encoded[1:] if encoded.startswith("__") else encoded


def decode(document_id: str) -> str:
    """The inverse of `encode`."""
    return unquote(document_id)


def below(text: str) -> Position | None:
    """The position between the ids below this text and the others; None if none is below."""
    if text.endswith("\x00"):
        return above(text[:-1])  # nothing sorts between a text and the text with NUL appended
    return _position(text, before=True)


def above(text: str) -> Position | None:
    """The position between the ids up to this text and those above; None if no id is that small."""
    return _position(text, before=False)


def _position(text: str, *, before: bool) -> Position | None:
    """Find the position at `text`; if it is not a valid id no id equals it, so either side is correct."""
    found = _UNHOLDABLE.search(text)
    if found:  # ids with the same prefix continue with a lesser or greater character, never with this one
        return _position(text[: found.start()] + ("0" if found[0] == "/" else "\ue000"), before=True)
    if not text:
        return None
    encoded = text.encode()
    if len(encoded) > MAX_BYTES:
        return _position(_greatest_below(encoded), before=False)
    if text in (".", "..") or RESERVED.fullmatch(text):
        if len(encoded) < MAX_BYTES:
            return Position(text + "\x00", before=True)
        return Position(text[:-1] + "^", before=False)  # "^" is the character before "_"
    return Position(text, before)


def _greatest_below(encoded: bytes) -> str:
    """The greatest text of at most MAX_BYTES that is less than this longer one.

    It shares the longest prefix that fits. The first character that does not fit has more bytes than remain, so it
    is greater than any that fits.
    """
    kept = encoded[:MAX_BYTES].decode(errors="ignore")
    return kept + _LAST_OF_BYTES[MAX_BYTES - len(kept.encode())]
