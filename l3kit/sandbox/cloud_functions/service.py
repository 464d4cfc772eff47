"""Functions of Azure and Google Cloud by name: deployed, called, fired and ended through the gateway."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

from l3kit.sandbox.answers import json_answer
from l3kit.sandbox.cloud_functions import limits
from l3kit.sandbox.cloud_functions.builder import build, unpack
from l3kit.sandbox.cloud_functions.instance import EndedError, HttpAnswer, Instance, StartError, UnreachedError
from l3kit.sandbox.cloud_functions.record import CLOUDS, FunctionRecord, RefusedError, check_definition, open_zip
from l3kit.sandbox.schedules import scheduled_time
from l3kit.sandbox.state import Home

PREFIXES = {"azure": "/_azure/", "gcp": "/_gcp/"}
IDLE_SECONDS = 600.0
HTTP_SECONDS = 230.0
"""Azure's load balancer ends a request after so long."""
HOP_BY_HOP = frozenset(("connection", "keep-alive", "transfer-encoding", "upgrade", "expect", "content-length", "host"))

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Key = tuple[str, str]


class CloudFunctions:
    """All of them in one gateway.

    Args:
        session: of `open_session`.
        endpoint: the gateway's own address; the functions' addresses begin with it.
        environment: what a cloud's platform tells its functions.
    """

    def __init__(
        self,
        home: Home,
        session: aiohttp.ClientSession,
        endpoint: str,
        environment: Callable[[str], Mapping[str, str]],
    ) -> None:
        self._home = home
        self._session = session
        self._endpoint = endpoint
        self._environment = environment
        self._records: dict[Key, FunctionRecord] = {}
        self._instances: dict[Key, Instance] = {}
        self._starting: dict[Key, asyncio.Lock] = {}

    def add_routes(self, app: web.Application, admin: Callable[[Handler], Handler]) -> None:
        router = app.router
        router.add_get("/_sandbox/functions/{cloud}", admin(self._list))
        router.add_put("/_sandbox/functions/{cloud}/{name}", admin(self._put))
        router.add_get("/_sandbox/functions/{cloud}/{name}", admin(self._get))
        router.add_delete("/_sandbox/functions/{cloud}/{name}", admin(self._delete))
        router.add_post("/_sandbox/functions/{cloud}/{name}/fire", admin(self._fire))
        for cloud, prefix in PREFIXES.items():
            for pattern in (prefix + "{name}", prefix + "{name}/{tail:.*}"):
                router.add_route("*", pattern, self._public(cloud))

    def kill(self, name: str, instance_id: str | None) -> None:
        """End a function's process as a crash would."""
        for (_, function), instance in self._instances.items():
            if function == name and instance_id in (None, instance.id):
                instance.crash()

    async def end_idle(self) -> None:
        """End processes that nobody has asked for long, and forget those that have crashed."""
        now = time.monotonic()
        for key, instance in list(self._instances.items()):
            idle = not instance.open_requests and now - instance.idle_since > IDLE_SECONDS
            if idle or instance.ended:
                self._instances.pop(key, None)
                await instance.stop()

    async def close(self) -> None:
        for instance in self._instances.values():
            await instance.stop()

    def _public(self, cloud: str) -> Handler:
        async def serve(request: web.Request) -> web.StreamResponse:
            key = (cloud, request.match_info["name"])
            record = self._records.get(key)
            if record is None:
                return web.Response(status=404)
            if cloud == "gcp" and not record.public and not limits.is_invoker(request, record):
                return web.Response(status=403, text="Forbidden: the caller has no permission to invoke this service")
            body = await limits.read_body(request, cloud)
            if body is None:
                return web.Response(status=413, text="Request Entity Too Large")
            target = request.raw_path.removeprefix(PREFIXES[cloud] + record.name) or "/"
            return await self._pass_on(key, request.method, target, _headers(request, record), body)

        return serve

    async def _pass_on(
        self, key: Key, method: str, target: str, headers: CIMultiDict[str], body: bytes
    ) -> web.Response:
        record = self._records.get(key)
        if record is None:
            return web.Response(status=404)
        limit = min(record.timeout, HTTP_SECONDS) if record.cloud == "azure" else record.timeout
        try:
            instance = await self._instance(key)
            try:
                answer = await instance.request(method, target, headers, body, timeout=limit)
            except UnreachedError:
                instance.crash()
                instance = await self._instance(key)
                answer = await instance.request(method, target, headers, body, timeout=limit)
        except StartError as error:
            self._note(record, str(error))
            return web.Response(status=500 if record.cloud == "gcp" else 502)
        except EndedError:
            return web.Response(status=503 if record.cloud == "gcp" else 502)
        except TimeoutError:
            instance.crash()
            return web.Response(status=504)
        if len(answer.body) > limits.ANSWER_BYTES[record.cloud]:
            return web.Response(status=500, text="Response size was too large")
        return _response(answer)

    async def _instance(self, key: Key) -> Instance:
        """The process of what is deployed at this moment, started where it does not run. A request that an update has
        overtaken must not bring the old code back. Raises: StartError; EndedError where it was deleted or replaced."""
        async with self._starting.setdefault(key, asyncio.Lock()):
            record, instance = self._records.get(key), self._instances.get(key)
            if record is None:
                raise EndedError("it was deleted")
            if instance is not None and instance.alive and instance.record is record:
                return instance
            if instance is not None:
                await instance.stop()
            log_file = self._home.log(f"{record.cloud}-{record.name}")
            instance = Instance(record, self._environment(record.cloud), log_file, self._session)
            self._instances[key] = instance
            await instance.start()
            if self._instances.get(key) is not instance:
                await instance.stop()
                raise EndedError("it was deleted or replaced while it started")
            return instance

    async def _put(self, request: web.Request) -> web.Response:
        cloud, name = request.match_info["cloud"], request.match_info["name"]
        if cloud not in CLOUDS:
            return json_answer({"error": f"{cloud!r} is no cloud with functions here"}, 404)
        try:
            definition, code = _deployment(await request.post())
            record = await asyncio.to_thread(self._make, cloud, name, definition, code)
        except RefusedError as refusal:
            return json_answer({"error": str(refusal)}, 400)
        self._records[cloud, name] = record
        old = self._instances.pop((cloud, name), None)
        if old is not None:
            await old.stop()
        try:
            await self._instance((cloud, name))
        except (StartError, EndedError) as error:
            self._note(record, str(error))
        return json_answer(self._shown(record))

    def _make(self, cloud: str, name: str, definition: Mapping[str, Any], code: bytes) -> FunctionRecord:
        jobs = check_definition(cloud, name, definition)
        archive, digest = open_zip(cloud, code)
        root = self._home.functions / f"{cloud}-{name}" / digest[:16]
        if not root.is_dir():
            unpack(archive, root)
        dependencies = build(root)
        before = self._records.get((cloud, name))
        more = {"key": before.key} if before else {}
        return FunctionRecord(
            cloud,
            name,
            definition.get("settings", {}),
            definition.get("labels", {}),
            definition.get("timeout", 60),
            definition.get("public", False),
            jobs,
            digest,
            root,
            dependencies,
            **more,
        )

    async def _list(self, request: web.Request) -> web.Response:
        cloud = request.match_info["cloud"]
        return json_answer([self._shown(record) for (c, _), record in self._records.items() if c == cloud])

    async def _get(self, request: web.Request) -> web.Response:
        record = self._records.get((request.match_info["cloud"], request.match_info["name"]))
        return json_answer(self._shown(record)) if record else json_answer({"error": "no such function"}, 404)

    async def _delete(self, request: web.Request) -> web.Response:
        key = (request.match_info["cloud"], request.match_info["name"])
        if self._records.pop(key, None) is None:
            return json_answer({"error": "no such function"}, 404)
        instance = self._instances.pop(key, None)
        if instance is not None:
            await instance.stop()
        return json_answer({})

    async def _fire(self, request: web.Request) -> web.Response:
        """Run a timer (Azure) or send a Cloud Scheduler job's request, and wait for its end."""
        key = (request.match_info["cloud"], request.match_info["name"])
        record = self._records.get(key)
        if record is None:
            return json_answer({"error": "no such function"}, 404)
        asked = await request.json()
        try:
            instance = await self._instance(key)
            answer = await self._fired(instance, record, asked)
        except KeyError as missing:
            return json_answer({"error": f"{record.name} has no schedule {missing}"}, 404)
        except TimeoutError:
            instance.crash()
            return json_answer({"error": f"{record.name}: took longer than {record.timeout} s"}, 502)
        except (StartError, EndedError) as error:
            return json_answer({"error": f"{record.name}: {error}"}, 502)
        return json_answer({"status": answer.status, "body": answer.body.decode("utf-8", "replace")})

    async def _fired(self, instance: Instance, record: FunctionRecord, asked: Mapping[str, str | None]) -> HttpAnswer:
        name = str(asked.get("schedule"))
        if record.cloud == "azure":
            timer = instance.timers[name] and name
            headers = {"x-functions-key": instance.master_key, "Content-Length": "0"}
            return await instance.request(
                "POST", f"/admin/functions/{timer}/wait", headers, b"", timeout=record.timeout
            )
        job = {job.name: job for job in record.jobs}[name]
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Google-Cloud-Scheduler",
            "X-CloudScheduler": "true",
            "X-CloudScheduler-JobName": job.name,
            "X-CloudScheduler-ScheduleTime": scheduled_time(asked.get("time")),
        }
        return await instance.request("POST", "/", headers, job.body.encode(), timeout=record.timeout)

    def _shown(self, record: FunctionRecord) -> dict[str, object]:
        instance = self._instances.get((record.cloud, record.name))
        running = instance is not None and instance.alive
        shown = record.to_json(f"{self._endpoint}{PREFIXES[record.cloud]}{record.name}")
        shown["timers"] = dict(instance.timers) if instance and running else {}
        shown["state"] = "active" if running else "not running: see its log"
        return shown

    def _note(self, record: FunctionRecord, text: str) -> None:
        stamp = datetime.now(UTC).isoformat(timespec="seconds")
        with self._home.log(f"{record.cloud}-{record.name}").open("a", encoding="utf-8") as file:
            file.write(f"{stamp} [sandbox] {text}\n")


def _deployment(form: Mapping[str, Any]) -> tuple[Any, bytes]:
    """The parts of a deployment's form. Raises: RefusedError."""
    definition, code = form.get("definition"), form.get("code")
    if not isinstance(definition, str) or not isinstance(code, web.FileField):
        raise RefusedError("a deployment has a definition and a file with its code")
    try:
        return json.loads(definition), code.file.read()
    except ValueError as error:
        raise RefusedError(f"the definition is not JSON ({error})") from None


def _headers(request: web.Request, record: FunctionRecord) -> CIMultiDict[str]:
    headers = CIMultiDict((name, value) for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP)
    headers["Host"] = request.host
    headers["X-Forwarded-Proto"] = "http"
    headers["X-Forwarded-For"] = "127.0.0.1"
    if record.cloud == "gcp":
        headers.popall("Authorization", None)  # Cloud Run has looked at it
    return headers


def _response(answer: HttpAnswer) -> web.Response:
    headers = CIMultiDict((name, value) for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP)
    return web.Response(status=answer.status, headers=headers, body=answer.body)
