"""One request, taken apart: path segments and parameters exactly as they were sent, decoded once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from aiohttp import web

from l3kit.sandbox.gcp.storage.answers import invalid

MAX_JSON_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Call:
    """A request below one of the API's prefixes.

    Attributes:
        segments: of the path behind the prefix; a slash inside an object's name came as %2F and stays in its segment.
        query: the parameters; of one given twice, the first.
        base: scheme and host under which the client sees this server; links in answers begin with it.
    """

    request: web.Request
    segments: tuple[str, ...]
    query: Mapping[str, str]
    base: str

    @classmethod
    def of(cls, request: web.Request, prefix: str) -> Call:
        """Raises: Refusal for a path or a query that is not UTF-8."""
        path, _, query_text = request.raw_path.partition("?")
        try:
            segments = tuple(unquote(part, errors="strict") for part in path.removeprefix(prefix).split("/"))
            pairs = parse_qsl(query_text, keep_blank_values=True, errors="strict")
        except UnicodeDecodeError:
            raise invalid("The request's address is not valid UTF-8") from None
        return cls(request, segments, dict(reversed(pairs)), f"{request.scheme}://{request.host}")

    def number(self, name: str) -> int | None:
        """A parameter as a whole number, None where it is not given."""
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
        """The request's JSON object; an empty body is an empty object."""
        body = bytearray()
        async for block in self.request.content.iter_any():
            body += block
            if len(body) > MAX_JSON_BYTES:
                raise invalid("The request is too large")
        return json_object(bytes(body))


def json_object(body: bytes) -> dict[str, Any]:
    """Raises: Refusal for what is not a JSON object in UTF-8."""
    if not body.strip():
        return {}
    try:
        content = json.loads(body.decode())
        json.dumps(content, ensure_ascii=False).encode()  # a lone surrogate is no text
    except ValueError:
        raise invalid("Parse Error") from None
    if not isinstance(content, dict):
        raise invalid("Parse Error")
    return content
