"""The platform's limit of a request's size."""

from __future__ import annotations

from aiohttp import web

from l3kit.sandbox.functions.bodies import body_up_to
from l3kit.sandbox.functions.instance import Body
from l3kit.sandbox.upstream import BLOCK_BYTES, BODY


async def body_of(request: web.Request, limit: int) -> tuple[Body, int] | None:
    """Return the body (a stream if its length is stated) and its length; None if it exceeds `limit` bytes."""
    length = request.content_length
    if BODY not in request and length is not None and length <= limit:
        return request.content.iter_chunked(BLOCK_BYTES) if length else b"", length
    body = await body_up_to(request, limit)
    return None if body is None else (body, len(body))
