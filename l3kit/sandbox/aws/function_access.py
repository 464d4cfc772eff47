"""A function's resource policy and the settings of its Function URL, which moto lacks in part."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from aiohttp import web

from l3kit.sandbox.answers import json_answer, rest_error
from l3kit.sandbox.aws.function_record import FunctionRecord, UrlConfig
from l3kit.sandbox.aws.function_urls import PREFIX

Handler = Callable[[web.Request, FunctionRecord, str], Awaitable[web.StreamResponse]]
"""Takes the request, the function and the gateway's address. May raise PolicyRefusedError."""


def handler_for(method: str, rest: str) -> Handler | None:
    """Return the handler for this part of a function's path; None if it is not of this module."""
    if method == "DELETE" and rest.startswith("policy/"):
        return _remove_permission
    return _HANDLERS.get((method, rest))


async def _get_policy(request: web.Request, record: FunctionRecord, endpoint: str) -> web.StreamResponse:
    return json_answer(record.policy.describe())


async def _add_permission(request: web.Request, record: FunctionRecord, endpoint: str) -> web.StreamResponse:
    statement = record.policy.add(json.loads(await request.read()))
    return json_answer({"Statement": json.dumps(statement)}, 201)


async def _remove_permission(request: web.Request, record: FunctionRecord, endpoint: str) -> web.StreamResponse:
    sid = request.path.rstrip("/").rsplit("/", 1)[-1]
    record.policy.remove(sid)
    return web.Response(status=204)


async def _create_url(request: web.Request, record: FunctionRecord, endpoint: str) -> web.StreamResponse:
    if record.url is not None:
        message = (
            f"Failed to create function url config for [functionArn = {record.config.arn}]. "
            "Error message:  FunctionUrlConfig exists for this Lambda function"
        )
        return rest_error(409, "ResourceConflictException", message)
    body = json.loads(await request.read())
    if body.get("AuthType") not in ("NONE", "AWS_IAM"):
        return rest_error(400, "ValidationException", "AuthType must be NONE or AWS_IAM")
    if refusal := _not_offered(body):
        return refusal
    record.url = UrlConfig(body["AuthType"], _now(), _now())
    return json_answer(_describe(record, record.url, endpoint), 201)


async def _update_url(request: web.Request, record: FunctionRecord, endpoint: str) -> web.StreamResponse:
    if record.url is None:
        return _no_url()
    body = json.loads(await request.read())
    if refusal := _not_offered(body):
        return refusal
    record.url.auth_type = body.get("AuthType") or record.url.auth_type
    record.url.modified = _now()
    return json_answer(_describe(record, record.url, endpoint))


async def _get_url(request: web.Request, record: FunctionRecord, endpoint: str) -> web.StreamResponse:
    return json_answer(_describe(record, record.url, endpoint)) if record.url else _no_url()


async def _delete_url(request: web.Request, record: FunctionRecord, endpoint: str) -> web.StreamResponse:
    if record.url is None:
        return _no_url()
    record.url = None
    return web.Response(status=204)


def _not_offered(body: dict[str, Any]) -> web.Response | None:
    if body.get("InvokeMode", "BUFFERED") == "BUFFERED" and not body.get("Cors"):
        return None
    message = "The l3kit sandbox offers InvokeMode BUFFERED without Cors only"
    return rest_error(400, "InvalidParameterValueException", message)


_HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", "policy"): _get_policy,
    ("POST", "policy"): _add_permission,
    ("POST", "url"): _create_url,
    ("PUT", "url"): _update_url,
    ("GET", "url"): _get_url,
    ("DELETE", "url"): _delete_url,
}


def _describe(record: FunctionRecord, url: UrlConfig, endpoint: str) -> dict[str, Any]:
    return {
        "FunctionUrl": f"{endpoint}{PREFIX}{quote(record.config.name)}/",
        "FunctionArn": record.config.arn,
        "AuthType": url.auth_type,
        "CreationTime": url.created,
        "LastModifiedTime": url.modified,
        "InvokeMode": "BUFFERED",
    }


def _no_url() -> web.Response:
    return rest_error(404, "ResourceNotFoundException", "The resource you requested does not exist.")


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000+0000", time.gmtime())
