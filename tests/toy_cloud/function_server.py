"""Toybox's functions on loopback, all in one process: the part of l3kit that runs inside a function, behind HTTP."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
import uuid
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from aiohttp import web

from l3kit.errors import ConfigurationError
from l3kit.sandbox.admin_calls import admin
from l3kit.tiering.runtime.http_functions import HttpAnswer, HttpFunction
from l3kit.tiering.runtime.log_lines import LogLines
from l3kit.tiering.settings.loading import load_settings
from l3kit.tiering.transfer.wire import Request
from tests.toy_cloud.provider import FOLDER_VARIABLE, MAX_REQUEST_BYTES, VARIABLES
from tests.toy_cloud.stores import openers

FUNCTION_FILE = "function"
"""The only file of every zip: it names the function of l3kit that the deployed one is."""
THREADS = 16


@dataclass
class Function:
    """One deployed function.

    Attributes:
        key: opens it, if it is not public.
        served: None if it did not start.
        state: `active`, or why it did not start.
    """

    name: str
    definition: dict[str, Any]
    code_sha256: str
    key: str = field(repr=False)
    served: HttpFunction | None
    state: str

    def to_json(self, url: str) -> dict[str, Any]:
        shown = {name: getattr(self, name) for name in ("name", "definition", "code_sha256", "key", "state")}
        return {**shown, "url": url}


class FunctionServer:
    """All functions of one sandbox.

    Args:
        folder: for their code.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._functions: dict[str, Function] = {}
        self._threads = ThreadPoolExecutor(THREADS, "toybox")

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/functions", admin(self._list))
        app.router.add_put("/functions/{name}", admin(self._put))
        app.router.add_get("/functions/{name}", admin(self._get))
        app.router.add_delete("/functions/{name}", admin(self._delete))
        app.router.add_post("/functions/{name}/fire", admin(self._fire))
        app.router.add_route("*", "/run/{name}", self._run)

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _list(self, request: web.Request) -> web.Response:
        return web.json_response([self._shown(request, name) for name in sorted(self._functions)])

    async def _put(self, request: web.Request) -> web.Response:
        name, told = request.match_info["name"], await request.json()
        code = base64.b64decode(told["code"])
        before = self._functions.get(name)
        key = before.key if before else secrets.token_urlsafe(24)
        root = self._folder / uuid.uuid4().hex
        with zipfile.ZipFile(BytesIO(code)) as archive:
            archive.extractall(root)
        try:
            served, state = _started(root, told["definition"]["settings"]), "active"
        except ConfigurationError as error:
            served, state = None, f"it is not running: {error}"
        digest = hashlib.sha256(code).hexdigest()
        self._functions[name] = Function(name, told["definition"], digest, key, served, state)
        return web.json_response(self._shown(request, name))

    async def _get(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        return web.json_response(self._shown(request, name)) if name in self._functions else _missing()

    async def _delete(self, request: web.Request) -> web.Response:
        return web.json_response({}) if self._functions.pop(request.match_info["name"], None) else _missing()

    async def _fire(self, request: web.Request) -> web.Response:
        function, asked = self._functions.get(request.match_info["name"]), await request.json()
        jobs = {job["name"]: job for job in function.definition["schedules"]} if function else {}
        if function is None or asked["schedule"] not in jobs:
            return _missing()
        body = jobs[asked["schedule"]]["body"].encode()
        answer = await self._answered(function, Request({}, body), scheduled=asked["time"])
        return web.json_response({"status": answer.status, "body": answer.body.decode(), "log_tail": ""})

    async def _run(self, request: web.Request) -> web.Response:
        """A function's own address: anybody's if it is public, otherwise for whoever has its key."""
        function = self._functions.get(request.match_info["name"])
        if function is None:
            return _missing()
        given = request.headers.get("Authorization", "").encode()
        if not function.definition["public"] and not hmac.compare_digest(given, f"Bearer {function.key}".encode()):
            return web.json_response({"error": "the caller may not run this function"}, status=403)
        body = await request.read()
        if len(body) > MAX_REQUEST_BYTES:
            return web.json_response({"error": "the request is too large"}, status=413)
        query = request.raw_path.partition("?")[2]
        answer = await self._answered(function, Request(dict(request.headers), body, request.method, query))
        return web.Response(body=answer.body, status=answer.status, headers=answer.all_headers)

    async def _answered(self, function: Function, request: Request, scheduled: str | None = None) -> HttpAnswer:
        """Run the function in a thread, for as long as its definition allows."""
        served, seconds = function.served, function.definition["timeout"]
        if served is None:
            return HttpAnswer(503, b'{"error": "the function did not start"}')

        def run() -> HttpAnswer:
            return served.answer(request, uuid.uuid4().hex, scheduled=scheduled)

        try:
            async with asyncio.timeout(seconds):
                return await asyncio.get_running_loop().run_in_executor(self._threads, run)
        except TimeoutError:
            return HttpAnswer(504, b'{"error": "the function took too long"}')

    def _shown(self, request: web.Request, name: str) -> dict[str, Any]:
        return self._functions[name].to_json(f"{request.scheme}://{request.host}/run/{name}")


def _started(root: Path, env: Mapping[str, str]) -> HttpFunction:
    """Raises: ConfigurationError naming the variable that is missing or wrong."""
    function = (root / FUNCTION_FILE).read_text("utf-8")
    settings = load_settings(function, env, cloud=VARIABLES, root=root)
    lines = LogLines(function, settings.token, *(one.token for one in settings.former))
    return HttpFunction(settings, openers(Path(env[FOLDER_VARIABLE])), lines, seconds=settings.seconds)


def _missing() -> web.Response:
    return web.json_response({"error": "no such function or schedule"}, status=404)
