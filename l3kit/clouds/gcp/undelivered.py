"""Dead letters written by Google Cloud itself: the text objects of a Cloud Storage subscription.

The subscription of the dead-letter topic writes the data of messages, each followed by a line feed, and none of their
attributes (Pub/Sub documentation, "Cloud Storage subscriptions", text format).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from l3kit.clouds.ports.undelivered import Undelivered

PREFIX = "pubsub/"
"""Prefix of the names of the subscription's objects, as set by l3kit."""
CAUSE = "Pub/Sub gave up: the dispatcher did not take it at any attempt"
_SPACE = re.compile(r"[ \t\r\n]*")
_LINE_END = re.compile(r"[ \t\r]*(?:\n|\Z)")


def undelivered(name: str, body: bytes) -> Undelivered | None:
    """Read an object; None if it is not of the subscription."""
    if not name.startswith(PREFIX):
        return None
    messages: list[bytes] = []
    try:
        for message in _messages(body.decode()):
            messages.append(message)
    except UnicodeDecodeError:
        return Undelivered(CAUSE, (), unread="it is not UTF-8, so the ends of its messages cannot be found")
    except _NoEndError as error:
        unread = f"from character {error.at} on it is not JSON, so the ends of its messages cannot be found"
        return Undelivered(CAUSE, tuple(messages), unread=unread)
    return Undelivered(CAUSE, tuple(messages))


class _NoEndError(Exception):
    """The end of a message cannot be found. `at`: its first character."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


def _messages(text: str) -> Iterator[bytes]:
    """Split the text into messages: JSON values, which may contain line feeds, and lines that begin no JSON value.

    Raises: _NoEndError after the messages before it.
    """
    decoder = json.JSONDecoder(parse_int=str, parse_float=str)  # numbers of any size
    at = 0
    while at < len(text):
        start = _end(_SPACE.match(text, at))
        if start == len(text):
            return
        try:
            stop = decoder.raw_decode(text, start)[1]
            line = _LINE_END.match(text, stop)
        except (ValueError, RecursionError):
            line = None
        if line is None:
            if text[start] in "{[":
                raise _NoEndError(start)
            stop = text.find("\n", start)
            stop = len(text) if stop < 0 else stop
            yield text[start:stop].encode()
            at = stop + 1
        else:
            yield text[start:stop].encode()
            at = line.end()


def _end(found: re.Match[str] | None) -> int:
    assert found is not None, "the pattern matches everywhere"
    return found.end()
