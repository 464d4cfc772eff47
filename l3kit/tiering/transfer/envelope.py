"""The fields of a request to a writer, each validated on access. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from l3kit.tiering.format.strict_json import NotStrictError, members
from l3kit.tiering.transfer.wire import Refusal

_LONGEST_FIELD = 40
"""Characters of the protocol's longest field name; longer names are not echoed in responses."""


class Envelope:
    """The fields of a request, each validated on access.

    Every method raises Refusal 400 naming the field.
    """

    def __init__(self, body: bytes) -> None:
        try:
            self._raw = members(body)
        except NotStrictError as error:
            raise _not_strict(error) from None

    def raw(self, name: str) -> bytes:
        if name not in self._raw:
            raise Refusal(400, "is missing", name)
        return self._raw[name]

    def has(self, name: str) -> bool:
        """Return whether the field is present and not null."""
        return self._raw.get(name, b"null") != b"null"

    def value(self, name: str) -> Any:
        try:
            return orjson.loads(self.raw(name))
        except orjson.JSONDecodeError as error:
            raise Refusal(400, f"is not valid JSON ({error.msg})", name) from None

    def text(self, name: str, default: str | None = None) -> str:
        """Non-empty text. With a default the field may be missing or null."""
        if default is not None and not self.has(name):
            return default
        value = self.value(name)
        if not isinstance(value, str) or not value:
            raise Refusal(400, "must be text, and not empty", name)
        return value

    def choice(self, name: str, allowed: Sequence[str], default: str) -> str:
        value = self.text(name, default)
        if value not in allowed:
            raise Refusal(400, f"must be one of {', '.join(allowed)}", name)
        return value

    def whole(self, name: str, low: int, high: int) -> int:
        value = self.value(name)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise Refusal(400, f"must be a whole number from {low} to {high}", name)
        return value

    def flag(self, name: str) -> bool:
        """A boolean; False if the field is missing or null."""
        value = self.value(name) if self.has(name) else False
        if not isinstance(value, bool):
            raise Refusal(400, "must be true or false", name)
        return value

    def digest(self, name: str = "sha256") -> str | None:
        """A SHA-256 in lower-case hex; None if the field is missing or null."""
        if not self.has(name):
            return None
        value = self.text(name).lower()
        if len(value) != 64 or set(value) - set("0123456789abcdef"):
            raise Refusal(400, "must be a SHA-256 in hexadecimal", name)
        return value


def _not_strict(error: NotStrictError) -> Refusal:
    if error.member is None or len(error.member) > _LONGEST_FIELD:
        return Refusal(400, str(error))
    if error.index is None:
        return Refusal(400, str(error), error.member)
    return Refusal(400, f"item {error.index} {error}", error.member, index=error.index)
