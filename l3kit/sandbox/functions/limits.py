"""What the clouds' fronts check before a function sees a request: its size, and on Google Cloud who sends it."""

from __future__ import annotations

import hmac

from aiohttp import web

from l3kit.sandbox.functions.instance import Body
from l3kit.sandbox.functions.record import FunctionRecord
from l3kit.sandbox.upstream import BODY

REQUEST_BYTES = {"azure": 100 * 1024 * 1024, "gcp": 32 * 1024 * 1024}
"""Azure Functions: HTTP trigger limits; Cloud Run: maximum HTTP/1 request size."""
ANSWER_BYTES = {"gcp": 32 * 1024 * 1024}
"""Cloud Run: maximum HTTP/1 response size of an answer that states its length; Azure names none."""
BLOCK_BYTES = 256 * 1024


async def body_of(request: web.Request, cloud: str) -> tuple[Body, int] | None:
    """The body, as it comes in where its length is stated, and its length; None where it is larger than allowed."""
    limit = REQUEST_BYTES[cloud]
    if BODY in request:
        whole: bytes = request[BODY]
        return (whole, len(whole)) if len(whole) <= limit else None
    length = request.content_length
    if length is not None:
        if length > limit:
            await _throw_away(request)
            return None
        return request.content.iter_chunked(BLOCK_BYTES) if length else b"", length
    blocks: list[bytes] = []
    size = 0
    async for block in request.content.iter_chunked(BLOCK_BYTES):
        size += len(block)
        if size <= limit:
            blocks.append(block)
    return (b"".join(blocks), size) if size <= limit else None


async def _throw_away(request: web.Request) -> None:
    """A sender that is still writing when its connection closes may never see the answer."""
    async for _ in request.content.iter_chunked(BLOCK_BYTES):
        pass


def is_invoker(request: web.Request, record: FunctionRecord) -> bool:
    """Whether the request brings the identity token of somebody who may call this function."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    same = hmac.compare_digest(given.strip().encode("utf-8", "surrogatepass"), record.keys.function.encode())
    return scheme.lower() == "bearer" and same
