"""Pages of a bucket's objects in the order of their UTF-8 names. Pure; no I/O."""

from __future__ import annotations

import base64
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from l3kit.sandbox.gcp.storage.answers import invalid, not_served
from l3kit.sandbox.gcp.storage.calls import Call

MAX_PAGE = 1000
_NOT_SERVED = ("softDeleted", "matchGlob", "delimiter", "startOffset", "endOffset")


@dataclass(frozen=True)
class Listing:
    """One page asked for: names with a prefix, behind the name `after`."""

    prefix: str
    after: str
    limit: int

    @classmethod
    def of(cls, call: Call) -> Listing:
        """Raises: Refusal."""
        # `versions` changes nothing: no bucket here keeps older ones.
        for name in _NOT_SERVED:
            if call.query.get(name, "").lower() not in ("", "false"):
                raise not_served(f"listings with {name}")
        limit = call.number("maxResults") or MAX_PAGE
        if limit < 0:
            raise invalid("Invalid value at maxResults", "maxResults")
        return cls(call.query.get("prefix", ""), _after(call.query.get("pageToken", "")), min(limit, MAX_PAGE))

    def page(self, names: Sequence[str]) -> tuple[list[str], str]:
        """The page out of all sorted names, and the token of the next; empty on the last."""
        start = max(bisect_left(names, self.prefix), bisect_right(names, self.after) if self.after else 0)
        found: list[str] = []
        for name in names[start : start + self.limit + 1]:
            if not name.startswith(self.prefix):
                break
            if len(found) == self.limit:
                return found, base64.urlsafe_b64encode(found[-1].encode()).decode()
            found.append(name)
        return found, ""


def _after(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token).decode()
    except ValueError:
        raise invalid("Invalid page token", "pageToken") from None
