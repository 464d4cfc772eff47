"""An instance of a Lambda function: a process on the real runtime client, and its Lambda Runtime API."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from l3kit.sandbox.aws.account import ACCESS_KEY, REGION, SECRET_KEY
from l3kit.sandbox.aws.function_logs import InstanceLog
from l3kit.sandbox.aws.function_record import FunctionConfig
from l3kit.sandbox.aws.runtime_errors import error_payload, exit_error
from l3kit.sandbox.functions.bodies import body_up_to
from l3kit.sandbox.functions.process import SYSTEM, FunctionProcess
from l3kit.sandbox.functions.process_facts import OwnConnections, peak_mb
from l3kit.sandbox.redacted_server import runtime_server

MAX_PAYLOAD_BYTES = 6_291_556
INIT_SECONDS = 60.0
"""Time-out of a process's start, before the function's own timeout begins. Lambda allows 10 s; laptops are slower."""
IDENTITY = "sandbox/{function}/{instance}"
"""The session token of an instance: it identifies the sender of each request to the gateway."""
_HOST = Path(__file__).with_name("function_host.py")
_RUNTIME_CALL = re.compile(r"/2018-06-01/runtime/(?:invocation/(?P<id>[^/]+)/(?P<verb>response|error)|init/error)")


@dataclass(frozen=True, slots=True)
class Invocation:
    """An event to be delivered to an instance."""

    request_id: str
    event: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of an invocation. `error`: Lambda's X-Amz-Function-Error; None if the handler returned."""

    request_id: str
    payload: bytes
    error: str | None
    log_tail: bytes
    kind: str = ""


class Instance(FunctionProcess):
    """A process that runs one invocation at a time."""

    def __init__(self, config: FunctionConfig, runtime_dir: Path, endpoint: str, log: InstanceLog) -> None:
        super().__init__(log.file)
        self.config = config
        self.log = log
        self._runtime_dir = runtime_dir
        self._endpoint = endpoint
        self._queue: asyncio.Queue[Invocation] = asyncio.Queue()
        self._delivered: asyncio.Future[float] | None = None
        self._result: asyncio.Future[tuple[bytes, str | None]] | None = None
        self._current: Invocation | None = None
        self._server: asyncio.Server | None = None
        self._exited: asyncio.Task[int] | None = None
        self._pipe = -1
        self._started = 0.0
        self._init_ms: float | None = None
        self._own = OwnConnections()
        self._spawned = asyncio.Event()

    @property
    def occupied(self) -> bool:
        """True if a caller gave up on its invocation; the process may still be running it."""
        return self._current is not None

    async def start(self) -> None:
        """Open the Runtime API on a port of its own and start the process."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(runtime_server(self._serve), "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self._pipe, write_end = os.pipe()
        os.set_blocking(self._pipe, False)
        self._started = time.monotonic()
        try:
            process = await self._spawn(
                *(_HOST, str(self._runtime_dir), self.config.handler),
                folder=self.config.task_root,
                environment=self._environment(port),
                output=write_end,
            )
        finally:
            os.close(write_end)
        loop.add_reader(self._pipe, self._drain)
        self._exited = asyncio.create_task(process.wait())
        self._spawned.set()

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Deliver an event and wait for the outcome. Never raises for an error of the function."""
        loop = asyncio.get_running_loop()
        self._current = invocation
        self._delivered, self._result = loop.create_future(), loop.create_future()
        self.log.begin()
        self._queue.put_nowait(invocation)
        assert self._exited is not None
        everything: set[asyncio.Future[Any]] = {self._delivered, self._result, self._exited}
        await asyncio.wait(everything, timeout=INIT_SECONDS + self.config.timeout, return_when=asyncio.FIRST_COMPLETED)
        begun = self._delivered.result() if self._delivered.done() else time.monotonic()
        if self._delivered.done():
            left = begun + self.config.timeout - time.monotonic()
            await asyncio.wait(
                everything - {self._delivered}, timeout=max(left, 0), return_when=asyncio.FIRST_COMPLETED
            )
        return await self._conclude(invocation, begun)

    async def stop(self, why: str) -> None:
        """Kill the process and close its Runtime API."""
        await super().stop(why)
        if self._pipe >= 0:
            self._drain()
            asyncio.get_running_loop().remove_reader(self._pipe)
            os.close(self._pipe)
            self._pipe = -1
        if self._server is not None:
            self._server.close()

    async def _conclude(self, invocation: Invocation, begun: float) -> Outcome:
        assert self._result is not None
        assert self._exited is not None
        request_id = invocation.request_id
        peak = peak_mb(self._process.pid) if self._process is not None else 0
        if self._result.done():
            payload, kind = self._result.result()
        elif self._exited.done():
            kind, payload = "Runtime.ExitError", exit_error(request_id, self._exited.result())
        else:
            kind = "Sandbox.Timedout"
            payload = error_payload(request_id, kind, f"Task timed out after {self.config.timeout:.2f} seconds")
        self._drain()
        self.log.flush_partial()
        if kind == "Sandbox.Timedout":
            stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
            self.log.line(f"{stamp}Z {request_id} Task timed out after {self.config.timeout:.2f} seconds")
        elif kind == "Runtime.ExitError":
            self.log.line(json.loads(payload)["errorMessage"])
        self._report(request_id, time.monotonic() - begun, peak)
        tail = self.log.finish()
        if kind in ("Sandbox.Timedout", "Runtime.ExitError", "Function.ResponseSizeTooLarge", "init"):
            await self.stop(f"its invocation {request_id} came to {kind}")
        self._current, self._init_ms, self.idle_since = None, None, time.monotonic()
        return Outcome(request_id, payload, "Unhandled" if kind else None, tail, kind or "")

    def _report(self, request_id: str, seconds: float, peak: int) -> None:
        duration = seconds * 1000
        self.log.line(f"END RequestId: {request_id}")
        init = f"\tInit Duration: {self._init_ms:.2f} ms" if self._init_ms is not None else ""
        self.log.line(
            f"REPORT RequestId: {request_id}\tDuration: {duration:.2f} ms\tBilled Duration: {int(duration) + 1} ms\t"
            f"Memory Size: {self.config.memory_mb} MB\tMax Memory Used: {peak} MB{init}"
        )

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """Serve the Lambda Runtime API, version 2018-06-01."""
        await self._spawned.wait()
        if self._process is None or not await self._own.has(request.transport, self._process.pid):
            # An event that another process takes, or an error that it reports, would end this instance.
            return web.json_response({"errorType": "Forbidden", "errorMessage": "Not the function's"}, status=403)
        if request.path == "/2018-06-01/runtime/invocation/next" and request.method == "GET":
            return await self._next()
        found = _RUNTIME_CALL.fullmatch(request.path)
        if not found or request.method != "POST":
            return web.Response(status=404)
        current = self._current
        if found["id"] is not None and (current is None or found["id"] != current.request_id):
            return web.json_response(
                {"errorType": "InvalidRequestID", "errorMessage": "Invalid request ID"}, status=400
            )
        body = await body_up_to(request, MAX_PAYLOAD_BYTES)
        if body is None:
            message = f"Response payload size exceeded maximum allowed payload size ({MAX_PAYLOAD_BYTES} bytes)."
            kind = "Function.ResponseSizeTooLarge"
            self._settle(json.dumps({"errorMessage": message, "errorType": kind}).encode(), kind)
            return web.json_response({"errorType": "RequestEntityTooLarge", "errorMessage": message}, status=413)
        kind = {"response": "", "error": "error"}.get(found["verb"] or "", "init")
        self._settle(body, kind)
        return web.json_response({"status": "OK"}, status=202)

    async def _next(self) -> web.Response:
        if self._init_ms is None and self._started:
            self._init_ms, self._started = (time.monotonic() - self._started) * 1000, 0.0
        invocation = await self._queue.get()
        self.log.line(f"START RequestId: {invocation.request_id} Version: $LATEST")
        if self._delivered is not None and not self._delivered.done():
            self._delivered.set_result(time.monotonic())
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + self.config.timeout) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": self.config.arn,
            "Lambda-Runtime-Trace-Id": _trace_id(invocation.request_id),
            "Content-Type": "application/json",
        }
        return web.Response(body=invocation.event, headers=headers)

    def _settle(self, payload: bytes, kind: str) -> None:
        if self._result is not None and not self._result.done():
            self._result.set_result((payload, kind))

    def _drain(self) -> None:
        """Read the process's output so far; called by the loop, and once more before an invocation's END."""
        while self._pipe >= 0:
            try:
                data = os.read(self._pipe, 65_536)
            except BlockingIOError:
                return
            if not data:
                asyncio.get_running_loop().remove_reader(self._pipe)
                return
            self.log.feed(data)

    def _environment(self, port: int) -> Mapping[str, str]:
        """Return Lambda's variables, the sandbox's endpoint and the function's own variables, not the developer's."""
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_SESSION_TOKEN": IDENTITY.format(function=self.config.name, instance=self.id),
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_python{version}",
            "AWS_ENDPOINT_URL": self._endpoint,
            "AWS_LAMBDA_FUNCTION_NAME": self.config.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.config.memory_mb),
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": self.log.group,
            "AWS_LAMBDA_LOG_STREAM_NAME": self.log.stream,
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
            "LAMBDA_TASK_ROOT": str(self.config.task_root),
            "LAMBDA_RUNTIME_DIR": str(self._runtime_dir),
            "_HANDLER": self.config.handler,
            **SYSTEM,
            **self.config.variables,
        }


def _trace_id(request_id: str) -> str:
    return f"Root=1-{int(time.time()):x}-{request_id.replace('-', '')[:24]};Sampled=0"
