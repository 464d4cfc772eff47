"""Error answers in the formats of AWS's JSON services and of S3; `answers.rest_error` is that of the REST ones."""

from __future__ import annotations

import json
import uuid
from xml.sax.saxutils import escape

from aiohttp import web


def dynamodb_error(kind: str, message: str, status: int = 400, **more: object) -> web.Response:
    body = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{kind}", "message": message, **more}).encode()
    return web.Response(body=body, status=status, content_type="application/x-amz-json-1.0")


def aws_json_error(kind: str, message: str, version: str) -> web.Response:
    """Error of a JSON protocol service, version 1.0 or 1.1, for authorization and malformed requests."""
    body = json.dumps({"__type": kind, "Message": message}).encode()
    return web.Response(body=body, status=400, content_type=f"application/x-amz-json-{version}")


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
