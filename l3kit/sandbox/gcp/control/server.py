"""The control plane over HTTP: `http://127.0.0.1:PORT/HOST/PATH` for `https://HOST/PATH`."""

from __future__ import annotations

from urllib.parse import parse_qsl

from aiohttp import web

from l3kit.sandbox.answers import own_address
from l3kit.sandbox.functions.bodies import body_up_to
from l3kit.sandbox.gcp.control.answers import ControlRequest, RefusedError, invalid
from l3kit.sandbox.gcp.control.plane import ControlPlane

MAX_BYTES = 128 * 1024**2
"""Largest body, that of a function's source."""


async def answer(request: web.Request, plane: ControlPlane) -> web.Response:
    """Answer a request by a control plane."""
    service, _, path = request.rel_url.raw_path.lstrip("/").partition("/")
    try:
        asked = await _read(request, service, path)
    except RefusedError as refusal:
        given = refusal.answer(service)
    else:
        given = await plane.handle(asked)
    return web.Response(status=given.status, headers=given.headers, body=given.body)


async def _read(request: web.Request, service: str, path: str) -> ControlRequest:
    """Raises: RefusedError."""
    body = await body_up_to(request, MAX_BYTES)
    if body is None:
        raise RefusedError("INVALID_ARGUMENT", "Request payload size exceeds the limit.", status=413)
    try:
        query = parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise invalid("The request's query is not valid UTF-8.") from None
    return ControlRequest(service, request.method, path, query, dict(request.headers), body, own_address(request))
