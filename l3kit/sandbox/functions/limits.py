"""The platforms' checks of a request: its size, and on Google Cloud its sender."""

from __future__ import annotations

import hmac

from aiohttp import web

from l3kit.sandbox.functions.bodies import body_up_to
from l3kit.sandbox.functions.identity import Identity
from l3kit.sandbox.functions.instance import Body
from l3kit.sandbox.functions.record import FunctionRecord
from l3kit.sandbox.upstream import BLOCK_BYTES, BODY

REQUEST_BYTES = {"azure": 100 * 1024 * 1024, "gcp": 32 * 1024 * 1024}
"""Azure Functions: HTTP trigger limits; Cloud Run: maximum HTTP/1 request size."""
ANSWER_BYTES = {"gcp": 32 * 1024 * 1024}
"""Cloud Run: maximum HTTP/1 response size, of an answer that states its length; Azure documents none."""
FORBIDDEN = "Forbidden: the caller has no permission to invoke this service"


async def body_of(request: web.Request, cloud: str) -> tuple[Body, int] | None:
    """Return the body (a stream if its length is stated) and its length; None if it exceeds the limit."""
    limit = REQUEST_BYTES[cloud]
    length = request.content_length
    if BODY not in request and length is not None and length <= limit:
        return request.content.iter_chunked(BLOCK_BYTES) if length else b"", length
    body = await body_up_to(request, limit)
    return None if body is None else (body, len(body))


def sender_refused(request: web.Request, record: FunctionRecord, identity: Identity, url: str) -> web.Response | None:
    """Return Cloud Run's refusal unless the request carries the identity token of a permitted invoker.

    The function's key stands for the token of an operator; a function's token comes from the metadata server.

    Args:
        url: of the function, which is the audience of its tokens.
    """
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    given = given.strip()
    if scheme.lower() != "bearer":
        return web.Response(status=403, text=FORBIDDEN)
    if hmac.compare_digest(given.encode("utf-8", "surrogatepass"), record.keys.function.encode()):
        return None
    if given.count(".") != 2:
        return web.Response(status=403, text=FORBIDDEN)
    if identity.is_good(given, url):
        allowed = identity.function_of(given) in record.definition.callers
        return None if allowed else web.Response(status=403, text=FORBIDDEN)
    reason = 'Bearer error="invalid_token" error_description="The access token could not be verified"'
    return web.Response(status=401, text="Unauthorized", headers={"WWW-Authenticate": reason})
