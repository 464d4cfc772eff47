"""A parsed request: path segments and parameters, decoded once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from aiohttp import web

from l3kit.sandbox.answers import own_address
from l3kit.sandbox.gcp.guard import Guard
from l3kit.sandbox.gcp.storage.access import Access
from l3kit.sandbox.gcp.storage.answers import invalid

MAX_JSON_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Call:
    """A request below one of the API's prefixes.

    Attributes:
        segments: of the path after the prefix; a slash in an object name is sent as %2F and stays in its segment.
        query: the parameters; the first value of a repeated one.
        base: scheme and address at which the request arrived; prefix of links in answers.
        access: what its sender may do.
    """

    request: web.Request
    segments: tuple[str, ...]
    query: Mapping[str, str]
    base: str
    access: Access

    @classmethod
    def of(cls, request: web.Request, prefix: str, guard: Guard | None) -> Call:
        """Parse a request. Raises: Refusal if its path or query is not UTF-8, or its token cannot be used."""
        path, _, query_text = request.raw_path.partition("?")
        try:
            segments = tuple(unquote(part, errors="strict") for part in path.removeprefix(prefix).split("/"))
            pairs = parse_qsl(query_text, keep_blank_values=True, errors="strict")
        except UnicodeDecodeError:
            raise invalid("The request's address is not valid UTF-8") from None
        return cls(request, segments, dict(reversed(pairs)), own_address(request), Access.of(request, guard))

    def number(self, name: str) -> int | None:
        """An integer parameter; None if absent. Raises: Refusal."""
        text = self.query.get(name)
        if text is None:
            return None
        try:
            number = int(text)
        except ValueError:
            raise invalid(f"Invalid value at {name}: {text!r} is not a whole number", name) from None
        if not -(2**63) <= number < 2**63:
            raise invalid(f"Invalid value at {name}: {text!r} is out of range", name)
        return number

    async def content(self) -> dict[str, Any]:
        """The request's JSON object; empty for an empty body. Raises: Refusal."""
        body = bytearray()
        async for block in self.request.content.iter_any():
            body += block
            if len(body) > MAX_JSON_BYTES:
                raise invalid("The request is too large")
        return json_object(bytes(body))


def json_object(body: bytes) -> dict[str, Any]:
    """Parse a JSON object in UTF-8. Raises: Refusal."""
    if not body.strip():
        return {}
    try:
        content = json.loads(body.decode())
        json.dumps(content, ensure_ascii=False).encode()  # a lone surrogate is not valid text
    except ValueError:
        raise invalid("Parse Error") from None
    if not isinstance(content, dict):
        raise invalid("Parse Error")
    return content
