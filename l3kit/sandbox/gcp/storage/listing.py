"""Pages of a bucket's objects in the order of their UTF-8 names. Pure; no I/O."""

from __future__ import annotations

import base64
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from l3kit.sandbox.gcp.storage.answers import invalid, not_served
from l3kit.sandbox.gcp.storage.calls import Call

MAX_PAGE = 1000
_LAST = "\U0010ffff"


@dataclass(frozen=True)
class Wanted:
    """What a listing is asked for. `after`: behind this name, or behind all names that begin with it (a prefix)."""

    prefix: str = ""
    delimiter: str = ""
    include_trailing: bool = False
    start: str = ""
    end: str = ""
    limit: int = MAX_PAGE
    after: str = ""
    after_is_prefix: bool = False

    @classmethod
    def of(cls, call: Call) -> Wanted:
        """Raises: Refusal."""
        # `versions` changes nothing: no bucket here keeps older ones.
        if call.flag("softDeleted"):
            raise not_served("listings of softDeleted")
        if call.query.get("matchGlob"):
            raise not_served("matchGlob")
        query = call.query
        kind, after = _read_token(query.get("pageToken", ""))
        return cls(
            query.get("prefix", ""),
            query.get("delimiter", ""),
            call.flag("includeTrailingDelimiter"),
            query.get("startOffset", ""),
            query.get("endOffset", ""),
            page_size(call),
            after,
            kind == "p",
        )


@dataclass(frozen=True)
class Listed:
    """One page: objects' names, common prefixes, and how to go on; no token on the last."""

    names: list[str]
    prefixes: list[str]
    token: str | None


def page_size(call: Call) -> int:
    limit = call.number("maxResults")
    if limit is not None and limit < 0:
        raise invalid("Invalid value at maxResults", "maxResults")
    return min(limit or MAX_PAGE, MAX_PAGE)


def list_names(names: Sequence[str], wanted: Wanted) -> Listed:
    """One page out of all of a bucket's names, which are sorted."""
    position = bisect_left(names, max(wanted.prefix, wanted.start))
    if wanted.after:
        position = max(position, _behind(names, wanted.after, wanted.after_is_prefix))
    found: list[str] = []
    prefixes: list[str] = []
    last: tuple[str, str] | None = None
    while position < len(names):
        name = names[position]
        if not name.startswith(wanted.prefix) or (wanted.end and name >= wanted.end):
            break
        if len(found) + len(prefixes) == wanted.limit and last is not None:
            return Listed(found, prefixes, _token(*last))
        folder = _folder(name, wanted)
        if folder is None:
            found.append(name)
            position += 1
            last = ("n", name)
        else:
            prefixes.append(folder)
            position = max(position + 1, _behind(names, folder, True))
            last = ("p", folder)
            if wanted.include_trailing and name == folder:
                found.append(name)
    return Listed(found, prefixes, None)


def _folder(name: str, wanted: Wanted) -> str | None:
    """The common prefix under which a name is hidden, None where it is listed itself."""
    if not wanted.delimiter:
        return None
    found = name.find(wanted.delimiter, len(wanted.prefix))
    return None if found < 0 else name[: found + len(wanted.delimiter)]


def _behind(names: Sequence[str], name: str, is_prefix: bool) -> int:
    if not is_prefix:
        return bisect_right(names, name)
    # No name continues a prefix by more than this many of the greatest character.
    return bisect_right(names, name + _LAST * 257)


def _token(kind: str, name: str) -> str:
    return base64.urlsafe_b64encode(kind.encode() + name.encode()).decode()


def _read_token(token: str) -> tuple[str, str]:
    if not token:
        return "", ""
    try:
        text = base64.urlsafe_b64decode(token).decode()
    except ValueError:
        raise invalid("Invalid page token", "pageToken") from None
    if text[:1] not in ("n", "p"):
        raise invalid("Invalid page token", "pageToken")
    return text[0], text[1:]
