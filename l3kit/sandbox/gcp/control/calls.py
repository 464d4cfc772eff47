"""One call of a method, as its handler gets it, and what a method needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from l3kit.sandbox.gcp.control.answers import ControlAnswer, conflicting, invalid


@dataclass(frozen=True, slots=True)
class Call:
    """A call that the definitions allow, of a known caller.

    Attributes:
        method: id in the discovery document.
        parameters: of the path.
        query: the first value of each parameter.
        lists: all values of each parameter.
        body: JSON object; empty for a request without.
        caller: email.
        base: what a host follows in an address that the answer gives out.
    """

    method: str
    parameters: Mapping[str, str]
    query: Mapping[str, str]
    lists: Mapping[str, tuple[str, ...]]
    body: Mapping[str, Any] = field(repr=False)
    caller: str
    base: str = "https:/"

    @property
    def name(self) -> str:
        """Return the resource that the path names: it, or the one in which something is made or listed."""
        for parameter in ("name", "resource", "parent", "project", "topic", "subscription"):
            if parameter in self.parameters:
                return self.parameters[parameter]
        return next(iter(self.parameters.values()), "")

    def mask(self, *sent: str) -> tuple[str, ...]:
        """Return the fields that an update names, in JSON's spelling; those of the body if it names none."""
        asked = self.query.get("updateMask") or str(self.body.get("updateMask") or "")
        if not asked:
            return sent or tuple(self.body)
        return tuple(camel(part.strip()) for part in asked.split(",") if part.strip())


Answer = Mapping[str, Any] | ControlAnswer
Handler = Callable[[Call], Answer | Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Method:
    """A method of an API.

    Attributes:
        permission: that its caller needs; empty if it needs none, or if the handler judges.
        resource: on which it is needed; None for the one that the path names.
    """

    handle: Handler
    permission: str = ""
    resource: Callable[[Call], str] | None = None


Methods = Mapping[str, Method]


def camel(path: str) -> str:
    """Return a field's path in JSON's spelling."""
    head, *rest = path.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def changed(old: Mapping[str, Any], new: Mapping[str, Any], mask: tuple[str, ...]) -> dict[str, Any]:
    """Return a resource with the fields that the mask names as the update has them; one that it leaves out is unset."""
    result = dict(old)
    for path in mask:
        _change(result, new, path.split("."))
    return result


def _change(result: dict[str, Any], new: Mapping[str, Any], path: list[str]) -> None:
    head, *rest = path
    if rest and isinstance(result.get(head) or {}, dict):
        inner = dict(result.get(head) or {})
        _change(inner, new.get(head) or {}, rest)
        result[head] = inner
    elif new.get(head) is None:
        result.pop(head, None)
    else:
        result[head] = new[head]


def check_etag(asked: str | None, there: str) -> None:
    """Refuse a change of another state than the caller saw. Raises: RefusedError."""
    if asked and asked.rstrip("=") != there.rstrip("="):
        raise conflicting(
            "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff."
        )


def page(call: Call, found: list[dict[str, Any]], name: str, default: int = 100) -> dict[str, Any]:
    """Return one page of a list. Raises: RefusedError for a token that no page gave out."""
    token = call.query.get("pageToken", "")
    if token and not token.isdecimal():
        raise invalid("The page token is invalid", "page_token")
    size = int(call.query.get("pageSize") or call.query.get("maxResults") or 0) or default
    start = int(token or 0)
    answer: dict[str, Any] = {name: found[start : start + size]} if found[start : start + size] else {}
    if start + size < len(found):
        answer["nextPageToken"] = str(start + size)
    return answer
