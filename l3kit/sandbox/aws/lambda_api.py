"""The Lambda API: moto has the control plane; this module runs the zips and stores what moto lacks."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import web

from l3kit.sandbox.answers import rest_error
from l3kit.sandbox.aws import event_settings, function_access, function_urls
from l3kit.sandbox.aws.account import ACCOUNT_ID, REGION
from l3kit.sandbox.aws.async_invocations import MAX_EVENT_BYTES, AsyncInvocations
from l3kit.sandbox.aws.event_settings import FailureBuckets, MayUse
from l3kit.sandbox.aws.function_instance import MAX_PAYLOAD_BYTES, Instance, Outcome
from l3kit.sandbox.aws.function_logs import CloudWatch, InstanceLog
from l3kit.sandbox.aws.function_pool import FunctionPool, ThrottledError
from l3kit.sandbox.aws.function_record import (
    FunctionConfig,
    FunctionRecord,
    InvalidFunctionError,
    check_request,
    function_name,
    unpack,
)
from l3kit.sandbox.aws.resource_policy import PolicyRefusedError, ResourcePolicy
from l3kit.sandbox.aws.service_objects import ServiceObjects
from l3kit.sandbox.aws.upstream import AwsUpstream, authorization
from l3kit.sandbox.faults.messages import MessageFaults
from l3kit.sandbox.functions.process import note
from l3kit.sandbox.functions.shared_code import SharedCode
from l3kit.sandbox.state import Home

MAX_CREATE_BYTES = 70_167_211
_PATH = re.compile(r"/(?P<version>\d{4}-\d\d-\d\d)/functions(?:/(?P<name>[^/]+))?(?:/(?P<rest>.+?))?/?")

Handler = Callable[[web.Request, str], Awaitable[web.StreamResponse]]


class LambdaApi:
    """Functions by name, with their pools. Changes to a function are carried out sequentially.

    Args:
        may_use: whether a function's role has a permission.
    """

    def __init__(
        self,
        home: Home,
        moto: AwsUpstream,
        cloudwatch: CloudWatch,
        endpoint: str,
        faults: MessageFaults,
        may_use: MayUse,
    ) -> None:
        self._home = home
        self._code = SharedCode(home.functions / ".lambda")
        self._moto = moto
        self._cloudwatch = cloudwatch
        self._endpoint = endpoint
        self._records: dict[str, FunctionRecord] = {}
        self._pools: dict[str, FunctionPool] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._revision = 0
        self._failure_buckets = FailureBuckets(ServiceObjects(moto), may_use)
        self.events = AsyncInvocations(self._invoke_again, self.record, self._failure_buckets, faults, self.note)
        self._handlers: dict[tuple[str, str], Handler] = {
            ("POST", "invocations"): self._invoke,
            ("PUT", "code"): self._update_code,
            ("PUT", "configuration"): self._update_configuration,
            ("DELETE", ""): self._delete,
            ("PUT", "concurrency"): self._concurrency,
            ("DELETE", "concurrency"): self._concurrency,
            **{(method, "event-invoke-config"): self._event_settings for method in ("PUT", "POST", "GET", "DELETE")},
        }

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request signed for Lambda."""
        try:
            return await self._route(request)
        except PolicyRefusedError as refusal:
            return rest_error(refusal.status, refusal.kind, refusal.message)
        except InvalidFunctionError as refusal:
            return rest_error(400, "InvalidParameterValueException", str(refusal))
        except ValueError as error:
            return rest_error(400, "InvalidRequestContentException", f"Could not parse request body into json: {error}")

    async def _route(self, request: web.Request) -> web.StreamResponse:
        found = _PATH.fullmatch(request.raw_path.split("?")[0])
        if not found:
            return await self._moto.forward(request)
        if found["name"] is None:
            return await self._create(request) if request.method == "POST" else await self._moto.forward(request)
        name, rest = function_name(found["name"]), found["rest"] or ""
        handler = self._handlers.get((request.method, rest))
        access = function_access.handler_for(request.method, rest)
        if handler is None and access is None:
            return await self._moto.forward(request)
        record = self._records.get(name)
        if record is None:
            arn = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{name}"
            return rest_error(404, "ResourceNotFoundException", f"Function not found: {arn}")
        if access is not None:
            return await access(request, record, self._endpoint)
        assert handler is not None
        return await handler(request, name)

    async def serve_url(self, request: web.Request) -> web.StreamResponse:
        """Answer a request to a function URL."""
        name = request.match_info["name"]
        return await function_urls.serve(request, self._records.get(name), self._pools.get(name))

    async def invoke(self, name: str, event: bytes) -> Outcome:
        """Invoke a function synchronously for the gateway itself. Raises: KeyError, ThrottledError."""
        return await self._invoke_again(name, event)

    async def _invoke_again(self, name: str, event: bytes, request_id: str | None = None) -> Outcome:
        outcome = await self._pools[name].invoke(event, request_id)
        self._cloudwatch.count(name, failed=outcome.error is not None)
        return outcome

    def note(self, name: str, text: str) -> None:
        """Write one of the sandbox's lines into a function's log; on a full disk it is dropped."""
        with contextlib.suppress(OSError):
            note(self._log_file(name), text)

    def kill(self, name: str, instance_id: str | None) -> None:
        """End a busy instance of a function, or all of them, like a crash."""
        if name in self._pools:
            self._pools[name].kill(instance_id)

    async def end_idle(self) -> None:
        for pool in list(self._pools.values()):
            await pool.end_idle(time.monotonic())

    async def close(self) -> None:
        await self.events.close()
        await asyncio.gather(*(pool.close() for pool in self._pools.values()))

    # --- functions

    async def _create(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        if len(raw) > MAX_CREATE_BYTES:
            message = f"Request must be smaller than {MAX_CREATE_BYTES} bytes for the CreateFunction operation"
            return rest_error(413, "RequestEntityTooLargeException", message)
        body = json.loads(raw)
        check_request(body, creating=True)
        name = function_name(str(body.get("FunctionName", "")))
        async with self._lock(name):
            root = await self._unpack(name, body.get("Code") or {})
            answer = await self._moto.repeat(request, raw)
            if answer.status == 201:
                described = answer.json()
                policy = ResourcePolicy(described["FunctionArn"])
                record = FunctionRecord(self._config(described, root), policy)
                self._records[name] = record
                self._pools[name] = FunctionPool(record, lambda: self._new_instance(record))
            return answer.to_response()

    async def _update_code(self, request: web.Request, name: str) -> web.StreamResponse:
        raw = await request.read()
        body = json.loads(raw)
        async with self._lock(name):
            root = await self._unpack(name, body)
            answer = await self._moto.repeat(request, raw)
            if answer.status < 300 and not body.get("DryRun"):
                await self._refresh(name, root)
            return answer.to_response()

    async def _update_configuration(self, request: web.Request, name: str) -> web.StreamResponse:
        raw = await request.read()
        body = json.loads(raw)
        check_request(body, creating=False)
        async with self._lock(name):
            answer = await self._moto.repeat(request, raw)
            if answer.status < 300:
                await self._refresh(name, self._records[name].config.task_root)
            return answer.to_response()

    async def _delete(self, request: web.Request, name: str) -> web.StreamResponse:
        async with self._lock(name):
            answer = await self._moto.repeat(request, b"")
            if answer.status < 300 and "Qualifier" not in request.query:
                record = self._records.pop(name)
                await self._pools.pop(name).close()
                self._cloudwatch.forget(record.config.log_group)
                await asyncio.to_thread(self._code.remove, self._home.functions / name)
            return answer.to_response()

    def record(self, name: str) -> FunctionRecord | None:
        """The record of a deployed function; None if it does not exist."""
        return self._records.get(name)

    async def _concurrency(self, request: web.Request, name: str) -> web.StreamResponse:
        raw = await request.read()
        answer = await self._moto.repeat(request, raw)
        if answer.status < 300:
            record = self._records[name]
            wanted = json.loads(raw)["ReservedConcurrentExecutions"] if request.method == "PUT" else None
            record.reserved_concurrency = wanted
        return answer.to_response()

    async def _event_settings(self, request: web.Request, name: str) -> web.StreamResponse:
        return await event_settings.handle(request, self._records[name], self._failure_buckets)

    # --- invoke

    async def _invoke(self, request: web.Request, name: str) -> web.StreamResponse:
        event = await request.read()
        if len(event) > MAX_PAYLOAD_BYTES:
            message = f"{len(event)} byte payload is too large for an invocation (limit {MAX_PAYLOAD_BYTES} bytes)"
            return rest_error(413, "RequestTooLargeException", message)
        if request.query.get("Qualifier", "$LATEST") != "$LATEST":
            return rest_error(
                404, "ResourceNotFoundException", "The l3kit sandbox runs $LATEST only, no versions or aliases"
            )
        kind = request.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        if kind not in ("RequestResponse", "Event") or "X-Amz-Client-Context" in request.headers:
            message = "The l3kit sandbox offers InvocationType RequestResponse and Event, without ClientContext, only"
            return rest_error(400, "InvalidParameterValueException", message)
        event = event or b"{}"
        try:
            json.loads(event)
        except (ValueError, RecursionError) as error:
            return rest_error(400, "InvalidRequestContentException", f"Could not parse request body into json: {error}")
        if kind == "Event":
            return self._accept(name, event)
        try:
            outcome = await self.invoke(name, event)
        except ThrottledError:
            reason = "ReservedFunctionConcurrentInvocationLimitExceeded"
            return rest_error(429, "TooManyRequestsException", "Rate Exceeded.", Reason=reason)
        headers = {"x-amzn-RequestId": outcome.request_id, "X-Amz-Executed-Version": "$LATEST"}
        if outcome.error is not None:
            headers["X-Amz-Function-Error"] = outcome.error
        if request.headers.get("X-Amz-Log-Type") == "Tail":
            headers["X-Amz-Log-Result"] = base64.b64encode(outcome.log_tail).decode()
        return web.Response(body=outcome.payload, content_type="application/json", headers=headers)

    def _accept(self, name: str, event: bytes) -> web.Response:
        """Queue an asynchronous invocation."""
        if len(event) > MAX_EVENT_BYTES:
            message = (
                f"{len(event)} byte payload is too large for the Event invocation type (limit {MAX_EVENT_BYTES} bytes)"
            )
            return rest_error(413, "RequestTooLargeException", message)
        return web.Response(status=202, headers={"x-amzn-RequestId": self.events.accept(name, event)})

    def _lock(self, name: str) -> asyncio.Lock:
        return self._locks.setdefault(name, asyncio.Lock())

    def _log_file(self, name: str) -> Path:
        folder = self._home.logs / "functions"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{name}.log"

    async def _unpack(self, name: str, code: dict[str, Any]) -> Path:
        if not code.get("ZipFile"):
            raise InvalidFunctionError("The l3kit sandbox takes a function's code as ZipFile only")
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name):
            raise InvalidFunctionError(
                f"{name!r} is not a function name: 1 to 64 letters, digits, hyphens, underscores"
            )
        code_zip = base64.b64decode(code["ZipFile"])
        return await asyncio.to_thread(unpack, code_zip, self._home.functions / name, self._code)

    async def _refresh(self, name: str, root: Path) -> None:
        path = f"/2015-03-31/functions/{quote(name)}/configuration"
        answer = await self._moto.ask("GET", path, headers={"Authorization": authorization("lambda")})
        self._records[name].config = self._config(answer.json(), root)
        await self._pools[name].retire()

    def _config(self, described: dict[str, Any], root: Path) -> FunctionConfig:
        self._revision += 1
        return FunctionConfig(
            name=described["FunctionName"],
            arn=described["FunctionArn"],
            role=described["Role"],
            handler=described["Handler"],
            timeout=float(described.get("Timeout") or 3),
            memory_mb=int(described.get("MemorySize") or 128),
            variables=dict((described.get("Environment") or {}).get("Variables") or {}),
            task_root=root,
            revision=self._revision,
        )

    def _new_instance(self, record: FunctionRecord) -> Instance:
        config = record.config
        stream = f"{time.strftime('%Y/%m/%d', time.gmtime())}/[$LATEST]{uuid.uuid4().hex}"
        log = InstanceLog(self._log_file(config.name), self._cloudwatch, config, stream)
        return Instance(config, self._home.runtime, self._endpoint, log)
