"""JSON answers, the address for links in them, and the gateway's own error answer, as AWS's REST services have it."""

from __future__ import annotations

import json
import uuid

import aiohttp
from aiohttp import web

from l3kit.errors import SandboxError
from l3kit.files import UNWRITABLE, refusal


def json_answer(content: object, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        body=json.dumps(content).encode(), status=status, content_type="application/json", headers=headers
    )


def own_address(request: web.Request) -> str:
    """Return scheme, host and port at which this request arrived, for links in answers.

    Not those of its Host header: anything that a damaged request or a foreign client puts there would become a link.
    """
    assert request.transport is not None
    host, port = request.transport.get_extra_info("sockname")[:2]
    return f"{request.scheme}://{host}:{port}"


def rest_error(status: int, kind: str, message: str, **more: str) -> web.Response:
    """Error in the format of Lambda and EventBridge Scheduler."""
    return json_answer(
        {"Type": "User" if status < 500 else "Service", "Message": message, "message": message, **more},
        status,
        {"x-amzn-ErrorType": kind, "x-amzn-RequestId": str(uuid.uuid4())},
    )


def unserved(error: Exception) -> web.Response:
    """Answer for a failed emulator or an unwritable disk. Raises: any other error unchanged."""
    if isinstance(error, aiohttp.ClientError):
        return rest_error(
            500, "InternalFailure", f"An emulator of the l3kit sandbox did not answer ({type(error).__name__})"
        )
    if isinstance(error, OSError) and error.errno in UNWRITABLE:
        return rest_error(500, "InternalFailure", f"The l3kit sandbox cannot write: {'. '.join(refusal(error))}")
    if isinstance(error, SandboxError):  # a part did not start; a retrying client would wait again
        return rest_error(501, "NotImplemented", str(error))
    raise error
