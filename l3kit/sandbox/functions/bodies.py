"""Reading a request's body within a limit."""

from __future__ import annotations

from aiohttp import web

from l3kit.sandbox.upstream import BLOCK_BYTES, BODY


async def body_up_to(request: web.BaseRequest, limit: int) -> bytes | None:
    """Return the whole body; None if it exceeds `limit` bytes.

    An oversized body is read to its end and discarded: a sender still writing when its connection closes may never
    see the answer.
    """
    if BODY in request:
        body: bytes = request[BODY]
        return body if len(body) <= limit else None
    blocks: list[bytes] = []
    size = 0
    async for block in request.content.iter_chunked(BLOCK_BYTES):
        size += len(block)
        if max(size, request.content_length or 0) <= limit:
            blocks.append(block)
    return b"".join(blocks) if size <= limit else None
