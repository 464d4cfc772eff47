"""One instance of a function: a process on the real runtime client, and the Lambda Runtime API it talks to."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from l3kit.sandbox.aws.function_logs import InstanceLog
from l3kit.sandbox.aws.function_record import FunctionConfig
from l3kit.sandbox.aws.runtime_errors import error_payload, exit_error
from l3kit.sandbox.functions.process_facts import OwnConnections, end_of, peak_mb
from l3kit.sandbox.redacted_server import runtime_server
from l3kit.sandbox.state import ACCESS_KEY, REGION, SECRET_KEY

MAX_PAYLOAD_BYTES = 6_291_556
INIT_SECONDS = 60.0
"""For a process to start, before its own time limit begins. Lambda allows 10; a busy laptop starts one more slowly."""
IDENTITY = "sandbox/{function}/{instance}"
"""The session token an instance is given: with it every request to the gateway says who sends it."""
_HOST = Path(__file__).with_name("function_host.py")
_RUNTIME_CALL = re.compile(r"/2018-06-01/runtime/(?:invocation/(?P<id>[^/]+)/(?P<verb>response|error)|init/error)")


@dataclass(frozen=True, slots=True)
class Invocation:
    """One event on its way to an instance."""

    request_id: str
    event: bytes
    client_context: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an invocation. `error` is Lambda's X-Amz-Function-Error, None when the handler returned."""

    request_id: str
    payload: bytes
    error: str | None
    log_tail: bytes
    kind: str = ""


class Instance:
    """Runs one invocation at a time; `alive` tells whether it can take another."""

    def __init__(self, config: FunctionConfig, runtime_dir: Path, endpoint: str, log: InstanceLog) -> None:
        self.id = uuid.uuid4().hex
        self.config = config
        self.log = log
        self.idle_since = time.monotonic()
        self._runtime_dir = runtime_dir
        self._endpoint = endpoint
        self._queue: asyncio.Queue[Invocation] = asyncio.Queue()
        self._delivered: asyncio.Future[float] | None = None
        self._result: asyncio.Future[tuple[bytes, str | None]] | None = None
        self._current: Invocation | None = None
        self._server: asyncio.Server | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._exited: asyncio.Task[int] | None = None
        self._pipe = -1
        self._started = 0.0
        self._init_ms: float | None = None
        self._stopping = False
        self._own = OwnConnections()
        self._spawned = asyncio.Event()

    @property
    def alive(self) -> bool:
        return not self._stopping and self._exited is not None and not self._exited.done()

    @property
    def occupied(self) -> bool:
        """Whether an invocation was given up by its caller before its end; the process may still be at it."""
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
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-S", "-s", "-P", str(_HOST), str(self._runtime_dir), self.config.handler),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=write_end,
                stderr=write_end,
                cwd=self.config.task_root,
                env=self._environment(port),
                process_group=0,
            )
        finally:
            os.close(write_end)
        loop.add_reader(self._pipe, self._drain)
        self._exited = asyncio.create_task(self._process.wait())
        self._spawned.set()

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Deliver one event and wait for its end, whatever that is. Never raises for what the function did."""
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
        """Kill the process and all it started, close the Runtime API. A second call does nothing.

        Args:
            why: for the function's log; where the process has ended by itself, that is told instead.
        """
        if self._stopping:
            return
        self._stopping = True
        why = why if self._exited is not None and not self._exited.done() else ""
        self.crash()
        if self._process is not None:
            self.log.note(end_of(self._process.pid, await self._process.wait(), why))
        if self._pipe >= 0:
            self._drain()
            asyncio.get_running_loop().remove_reader(self._pipe)
            os.close(self._pipe)
            self._pipe = -1
        if self._server is not None:
            self._server.close()

    def crash(self) -> None:
        """Kill the process and all it started; to everybody else it has ended by itself."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

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
        """The Lambda Runtime API, version 2018-06-01."""
        await self._spawned.wait()
        if self._process is None or not await self._own.has(request.transport, self._process.pid):
            # An event that another process takes, or an error that it tells, would end this instance.
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
        body = await _read_limited(request, MAX_PAYLOAD_BYTES)
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
        if invocation.client_context:
            headers["Lambda-Runtime-Client-Context"] = invocation.client_context
        return web.Response(body=invocation.event, headers=headers)

    def _settle(self, payload: bytes, kind: str) -> None:
        if self._result is not None and not self._result.done():
            self._result.set_result((payload, kind))

    def _drain(self) -> None:
        """Take what the process has printed so far; called by the loop, and once more before an invocation's END."""
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
        """What Lambda gives, the sandbox's endpoint, the function's own variables; nothing of the developer's."""
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
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            **self.config.variables,
        }


def _trace_id(request_id: str) -> str:
    return f"Root=1-{int(time.time()):x}-{request_id.replace('-', '')[:24]};Sampled=0"


async def _read_limited(request: web.BaseRequest, limit: int) -> bytes | None:
    """The body, or None (with the rest thrown away) when it is over the limit."""
    blocks: list[bytes] = []
    size = 0
    async for block in request.content.iter_chunked(65_536):
        size += len(block)
        if size <= limit:
            blocks.append(block)
    return b"".join(blocks) if size <= limit else None
