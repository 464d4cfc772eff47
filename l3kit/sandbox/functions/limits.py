"""The platforms' checks of a request: its size, and on Google Cloud its sender."""

from __future__ import annotations

import hmac

from aiohttp import web

from l3kit.sandbox.functions.bodies import body_up_to
from l3kit.sandbox.functions.instance import Body
from l3kit.sandbox.functions.record import FunctionRecord
from l3kit.sandbox.upstream import BLOCK_BYTES, BODY

REQUEST_BYTES = {"azure": 100 * 1024 * 1024, "gcp": 32 * 1024 * 1024}
"""Azure Functions: HTTP trigger limits; Cloud Run: maximum HTTP/1 request size."""
ANSWER_BYTES = {"gcp": 32 * 1024 * 1024}
"""Cloud Run: maximum HTTP/1 response size, of an answer that states its length; Azure documents none."""


async def body_of(request: web.Request, cloud: str) -> tuple[Body, int] | None:
    """Return the body (a stream if its length is stated) and its length; None if it exceeds the limit."""
    limit = REQUEST_BYTES[cloud]
    length = request.content_length
    if BODY not in request and length is not None and length <= limit:
        return request.content.iter_chunked(BLOCK_BYTES) if length else b"", length
    body = await body_up_to(request, limit)
    return None if body is None else (body, len(body))


def is_invoker(request: web.Request, record: FunctionRecord) -> bool:
    """Whether the request carries the identity token of a permitted invoker."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    same = hmac.compare_digest(given.strip().encode("utf-8", "surrogatepass"), record.keys.function.encode())
    return scheme.lower() == "bearer" and same
