"""Error answers in AWS's three formats: JSON with __type, REST-JSON with a header, XML."""

from __future__ import annotations

import json
import uuid
from xml.sax.saxutils import escape

import aiohttp
from aiohttp import web

from l3kit.errors import SandboxError
from l3kit.files import UNWRITABLE, refusal


def json_answer(content: object, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        body=json.dumps(content).encode(), status=status, content_type="application/json", headers=headers
    )


def dynamodb_error(kind: str, message: str, status: int = 400, **more: object) -> web.Response:
    body = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{kind}", "message": message, **more}).encode()
    return web.Response(body=body, status=status, content_type="application/x-amz-json-1.0")


def aws_json_error(kind: str, message: str, version: str) -> web.Response:
    """Error of a JSON protocol service, version 1.0 or 1.1, for authorization and malformed requests."""
    body = json.dumps({"__type": kind, "Message": message}).encode()
    return web.Response(body=body, status=400, content_type=f"application/x-amz-json-{version}")


def rest_error(status: int, kind: str, message: str, **more: str) -> web.Response:
    """Error in the format of Lambda and EventBridge Scheduler."""
    return json_answer(
        {"Type": "User" if status < 500 else "Service", "Message": message, "message": message, **more},
        status,
        {"x-amzn-ErrorType": kind, "x-amzn-RequestId": str(uuid.uuid4())},
    )


def s3_error(status: int, code: str, message: str, **details: str) -> web.Response:
    request_id = uuid.uuid4().hex[:16].upper()
    extra = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in details.items())
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{escape(message)}</Message>{extra}<RequestId>{request_id}</RequestId></Error>"
    )
    return web.Response(
        body=body.encode(), status=status, content_type="application/xml", headers={"x-amz-request-id": request_id}
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
