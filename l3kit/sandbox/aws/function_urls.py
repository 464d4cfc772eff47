"""Function URLs: HTTP requests mapped to payload 2.0 events, and results mapped back to HTTP."""

from __future__ import annotations

import base64
import binascii
import json
import time
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from aiohttp import web
from multidict import CIMultiDict

from l3kit.sandbox.answers import json_answer
from l3kit.sandbox.aws.function_instance import MAX_PAYLOAD_BYTES, Outcome
from l3kit.sandbox.aws.function_pool import FunctionPool, ThrottledError
from l3kit.sandbox.aws.function_record import FunctionRecord
from l3kit.sandbox.functions.bodies import body_up_to

PREFIX = "/_fnurl/"
_TEXT_TYPES = frozenset(("application/json", "application/xml", "application/javascript"))
_DROPPED_HEADERS = frozenset(("connection", "keep-alive", "transfer-encoding", "upgrade", "expect", "cookie"))
_FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)


async def serve(request: web.Request, record: FunctionRecord | None, pool: FunctionPool | None) -> web.StreamResponse:
    """Answer a request to `/_fnurl/NAME/...`."""
    if record is None or pool is None or record.url is None:
        return json_answer({"Message": None}, 404)
    if record.url.auth_type != "NONE" or not record.policy.admits_public_url():
        return json_answer({"Message": _FORBIDDEN}, 403, {"x-amzn-ErrorType": "AccessDeniedException"})
    body = await body_up_to(request, MAX_PAYLOAD_BYTES)
    event = None if body is None else build_event(request, record.config.name, body)
    if event is None or len(event) > MAX_PAYLOAD_BYTES:
        message = f"Request must be smaller than {MAX_PAYLOAD_BYTES} bytes for the InvokeFunction operation"
        return json_answer({"Message": message}, 413, {"x-amzn-ErrorType": "RequestEntityTooLargeException"})
    try:
        outcome = await pool.invoke(event)
    except ThrottledError:
        return json_answer(
            {"Reason": "ReservedFunctionConcurrentInvocationLimitExceeded", "Message": "Rate Exceeded."},
            429,
            {"x-amzn-ErrorType": "TooManyRequestsException"},
        )
    return map_result(outcome)


def build_event(request: web.Request, name: str, body: bytes) -> bytes:
    """Return the event as the JSON bytes that count against Lambda's limit."""
    path, _, query = request.raw_path.partition("?")
    path = "/" + path.removeprefix(PREFIX).partition("/")[2]
    now = time.time()
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": _headers(request),
        "requestContext": {
            "accountId": "anonymous",
            "apiId": name,
            "domainName": request.host,
            "domainPrefix": name,
            "http": {
                "method": request.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": request.headers.get("User-Agent", ""),
            },
            "requestId": str(uuid.uuid4()),
            "routeKey": "$default",
            "stage": "$default",
            "time": datetime.fromtimestamp(now, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now * 1000),
        },
        "isBase64Encoded": False,
    }
    cookies = [part.strip() for value in request.headers.getall("Cookie", []) for part in value.split(";")]
    if cookies:
        event["cookies"] = cookies
    if query:
        event["queryStringParameters"] = _query_parameters(query)
    if body:
        text = _as_text(request, body)
        event["isBase64Encoded"] = text is None
        event["body"] = base64.b64encode(body).decode() if text is None else text
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def map_result(outcome: Outcome) -> web.Response:
    """Map a result: one with `statusCode` is an HTTP answer, other JSON the body of a 200, an error a 502."""
    try:
        if outcome.error is not None:
            raise ValueError("the function failed")
        result = json.loads(outcome.payload or b"null")
        return _from_result(result)
    except (ValueError, TypeError, binascii.Error):
        return web.Response(
            status=502,
            body=b"Internal Server Error",
            content_type="application/json",
            headers={"x-amzn-RequestId": outcome.request_id, "x-amzn-ErrorType": "InternalServerErrorException"},
        )


def _from_result(result: Any) -> web.Response:
    if not isinstance(result, dict) or "statusCode" not in result:
        text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)
        return web.Response(body=text.encode(), content_type="application/json")
    status = int(result["statusCode"])
    if not 100 <= status <= 599:
        raise ValueError(f"{status} is not a status")
    headers: CIMultiDict[str] = CIMultiDict()
    for name, value in (result.get("headers") or {}).items():
        headers[name] = str(value).lower() if isinstance(value, bool) else str(value)
    for cookie in result.get("cookies") or ():
        headers.add("Set-Cookie", str(cookie))
    body = result.get("body")
    if body is None:
        data = b""
    elif result.get("isBase64Encoded"):
        data = base64.b64decode(str(body), validate=True)
    else:
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
    headers.setdefault("Content-Type", "application/json")
    headers.popall("Content-Length", None)
    return web.Response(status=status, headers=headers, body=data)


def _headers(request: web.Request) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        lower = name.lower()
        if lower not in _DROPPED_HEADERS:
            headers[lower] = f"{headers[lower]},{value}" if lower in headers else value
    headers |= {"x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "http"}
    return headers


def _query_parameters(query: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in query.split("&"):
        name, _, value = (unquote_plus(part) for part in pair.partition("="))
        if name:
            found[name] = f"{found[name]},{value}" if name in found else value
    return found


def _as_text(request: web.Request, body: bytes) -> str | None:
    """Return the body as text if its type is textual and unencoded; None if it must be sent as base64."""
    kind = request.headers.get("Content-Type", "").split(";")[0].strip().lower()
    if request.headers.get("Content-Encoding") or not (kind.startswith("text/") or kind in _TEXT_TYPES):
        return None
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None
