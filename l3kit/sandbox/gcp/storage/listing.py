"""Pages of a bucket's objects in the order of their UTF-8 names. No I/O."""

from __future__ import annotations

import base64
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from l3kit.sandbox.gcp.storage.answers import invalid, not_served
from l3kit.sandbox.gcp.storage.calls import Call

MAX_PAGE = 1000
_NOT_SERVED = ("matchGlob", "delimiter", "startOffset", "endOffset")


@dataclass(frozen=True)
class Listing:
    """A requested page: names with a prefix, greater than `after`."""

    prefix: str
    after: str
    limit: int

    @classmethod
    def of(cls, call: Call) -> Listing:
        """Read a request's parameters. Raises: Refusal."""
        # `versions` is accepted without effect: buckets here keep no older versions.
        for name in _NOT_SERVED:
            if call.query.get(name, "").lower() not in ("", "false"):
                raise not_served(f"listings with {name}")
        limit = call.number("maxResults") or MAX_PAGE
        if limit < 0:
            raise invalid("Invalid value at maxResults", "maxResults")
        return cls(call.query.get("prefix", ""), _after(call.query.get("pageToken", "")), min(limit, MAX_PAGE))

    def page(self, names: Sequence[str]) -> tuple[list[str], str]:
        """The page of the sorted names, and the token of the next page; empty on the last."""
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
