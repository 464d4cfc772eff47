"""What the clouds' fronts check before a function sees a request: its size, and on Google Cloud who sends it."""

from __future__ import annotations

import hmac

from aiohttp import web

from l3kit.sandbox.cloud_functions.record import FunctionRecord
from l3kit.sandbox.upstream import BODY

REQUEST_BYTES = {"azure": 100 * 1024 * 1024, "gcp": 32 * 1024 * 1024}
"""Azure Functions: HTTP trigger limits; Cloud Run: maximum HTTP/1 request size."""
ANSWER_BYTES = {"azure": 100 * 1024 * 1024, "gcp": 32 * 1024 * 1024}
BLOCK_BYTES = 256 * 1024


async def read_body(request: web.Request, cloud: str) -> bytes | None:
    """The body; None where it is larger than the cloud takes."""
    limit = REQUEST_BYTES[cloud]
    if BODY in request:
        body: bytes = request[BODY]
        return body if len(body) <= limit else None
    if (request.content_length or 0) > limit:
        return None
    blocks: list[bytes] = []
    size = 0
    async for block in request.content.iter_chunked(BLOCK_BYTES):
        size += len(block)
        if size > limit:
            return None
        blocks.append(block)
    return b"".join(blocks)


def is_invoker(request: web.Request, record: FunctionRecord) -> bool:
    """Whether the request brings the identity token of somebody who may call this function."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), record.key.encode())
