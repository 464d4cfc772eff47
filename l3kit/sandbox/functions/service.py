"""The registry of functions on Azure and Google Cloud, and the admin API to deploy, show, fire and delete them."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import shutil
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import aiohttp
from aiohttp import web

from l3kit.sandbox.answers import json_answer
from l3kit.sandbox.function_hosts.azure_host import EVENTS_PATH
from l3kit.sandbox.functions import code_zip
from l3kit.sandbox.functions.builder import build
from l3kit.sandbox.functions.deployment import Deployment
from l3kit.sandbox.functions.firing import fire
from l3kit.sandbox.functions.front import AZURE_HTTP_SECONDS, PREFIXES, Front
from l3kit.sandbox.functions.identity import PATH, Identity, metadata_server
from l3kit.sandbox.functions.instance import EndedError, Instance, StartError, TooLargeError
from l3kit.sandbox.functions.log_pages import page_of
from l3kit.sandbox.functions.process import IDLE_SECONDS, note
from l3kit.sandbox.functions.record import CLOUDS, Definition, FunctionRecord, Keys, RefusedError
from l3kit.sandbox.functions.refusals import check_definition
from l3kit.sandbox.functions.runs import TimedOutError, run
from l3kit.sandbox.functions.trigger import Trigger
from l3kit.sandbox.state import Home

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Key = tuple[str, str]


class CloudFunctions:
    """All functions of Azure and Google Cloud in one gateway.

    Args:
        endpoint: the gateway's own address; the functions' addresses begin with it.
        environment: what a cloud's platform adds to its functions' settings.
        azure_http_seconds: after which Azure's load balancer gives up a request.
    """

    def __init__(
        self,
        home: Home,
        session: aiohttp.ClientSession,
        endpoint: str,
        environment: Callable[[str], Mapping[str, str]],
        *,
        azure_http_seconds: float = AZURE_HTTP_SECONDS,
    ) -> None:
        self._home = home
        self._session = session
        self._endpoint = endpoint
        self._environment = environment
        self._identity = Identity()
        self._front = Front(self._note, endpoint, self._identity, azure_http_seconds)
        self._deployments: dict[Key, Deployment] = {}
        self._retired: list[Deployment] = []
        self._changes: dict[Key, asyncio.Lock] = {}

    def add_routes(self, app: web.Application, admin: Callable[[Handler], Handler]) -> None:
        router = app.router
        router.add_get("/_sandbox/functions/{cloud}", admin(self._list))
        router.add_put("/_sandbox/functions/{cloud}/{name}", admin(self._put))
        router.add_get("/_sandbox/functions/{cloud}/{name}", admin(self._get))
        router.add_delete("/_sandbox/functions/{cloud}/{name}", admin(self._delete))
        router.add_get("/_sandbox/functions/{cloud}/{name}/log", admin(self._log))
        router.add_post("/_sandbox/functions/{cloud}/{name}/fire", admin(self._fire))
        router.add_get(PATH, metadata_server(self._identity, self._caller))
        for cloud, prefix in PREFIXES.items():
            for pattern in (prefix + "{name}", prefix + "{name}/{tail:.*}"):
                router.add_route("*", pattern, self._public(cloud))

    def kill(self, name: str, instance_id: str | None) -> None:
        """Kill a function's process as a crash would."""
        for deployment in (*self._deployments.values(), *self._retired):
            if deployment.record.name == name:
                deployment.crash(instance_id)

    async def end_idle(self, idle_seconds: float = IDLE_SECONDS) -> None:
        """End unused processes, and replaced deployments that have answered all their requests."""
        now = time.monotonic()
        for deployment in [*self._deployments.values(), *self._retired]:
            if await deployment.end_idle(now, idle_seconds):
                with contextlib.suppress(ValueError):  # its function may have been deleted meanwhile
                    self._retired.remove(deployment)

    async def close(self) -> None:
        """End everything at once."""
        everything = [*self._deployments.values(), *self._retired]
        self._deployments.clear()
        self._retired.clear()
        await asyncio.gather(*(deployment.stop() for deployment in everything))

    def key_of(self, cloud: str, name: str) -> str | None:
        """Return the key that stands for a permitted caller of a function; None if it does not exist."""
        deployment = self._deployments.get((cloud, name))
        return deployment.record.keys.function if deployment else None

    async def trigger(self, app: str) -> Trigger | None:
        """Return an Azure app's Event Hubs trigger; None if the app does not exist, does not start or has none."""
        deployment = self._deployments.get(("azure", app))
        if deployment is None:
            return None
        try:
            return (await deployment.instance()).trigger
        except StartError as error:
            self._note(deployment, f"it did not start: {error}")
            return None

    async def run(self, app: str, events: bytes) -> bool:
        """Call an Azure app's Event Hubs trigger. Returns: whether it returned.

        Raises: KeyError if there is no such app; StartError; EndedError; TimedOutError; TooLargeError.
        """
        instance = await self._deployments["azure", app].instance()
        headers = {"x-functions-key": instance.record.keys.master, "Content-Type": "application/json"}
        answer = await run(instance, "POST", EVENTS_PATH, headers, events)
        return answer.status == 200

    def note(self, cloud: str, name: str, text: str) -> None:
        """Write a line into a function's log; on a full disk it is dropped."""
        with contextlib.suppress(OSError):
            note(self._home.log(f"{cloud}-{name}"), text)

    def _public(self, cloud: str) -> Handler:
        async def serve(request: web.Request) -> web.StreamResponse:
            key = cloud, request.match_info["name"]
            return await self._front.serve(request, cloud, lambda: self._deployments.get(key))

        return serve

    async def _put(self, request: web.Request) -> web.Response:
        key = cloud, name = request.match_info["cloud"], request.match_info["name"]
        if cloud not in CLOUDS:
            return json_answer({"error": f"{cloud!r} is no cloud with functions here"}, 404)
        try:
            given, code = await _form(request)  # one that never comes to its end must hold up no other
        except RefusedError as refusal:
            return json_answer({"error": str(refusal)}, 400)
        async with self._changes.setdefault(key, asyncio.Lock()):
            before = self._deployments.get(key)
            folder = self._home.functions / f"{cloud}-{name}-{uuid.uuid4().hex[:12]}"
            try:
                definition = check_definition(cloud, name, given)
                keys = before.record.keys if before else Keys()
                record = await asyncio.to_thread(_make, cloud, name, definition, code, folder, keys)
                deployment = Deployment(record, self._instance_of)
                await self._start(deployment, before)
            except RefusedError as refusal:
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
                return json_answer({"error": str(refusal)}, 400)
            self._deployments[key] = deployment
            if before is not None:
                before.retire()
                self._retired.append(before)
                await self.end_idle()
            return json_answer(self._describe(deployment))

    async def _start(self, deployment: Deployment, before: Deployment | None) -> None:
        """Start it. Raises: RefusedError if Google Cloud would keep serving the former deployment."""
        try:
            await deployment.instance()
        except StartError as error:
            self._note(deployment, f"it did not start: {error}")
            if deployment.record.cloud == "gcp" and before is not None:
                raise RefusedError(f"the new code did not start, the old one serves on: {error}") from None

    def _instance_of(self, record: FunctionRecord) -> Instance:
        platform = dict(self._environment(record.cloud))
        if record.cloud == "gcp":
            platform["GCE_METADATA_HOST"] = self._endpoint.removeprefix("http://")
        return Instance(record, platform, self._log_of(record), self._session)

    async def _caller(self, request: web.Request) -> str | None:
        """Return the function of Google Cloud whose process sent a request to the metadata server."""
        peer = request.transport.get_extra_info("peername") if request.transport else None
        for deployment in [*self._deployments.values(), *self._retired]:
            if peer and deployment.record.cloud == "gcp" and await deployment.has_port(peer[1]):
                return deployment.record.name
        return None

    async def _list(self, request: web.Request) -> web.Response:
        cloud = request.match_info["cloud"]
        found = [self._describe(deployment) for (of, _), deployment in sorted(self._deployments.items()) if of == cloud]
        return json_answer(found)

    async def _get(self, request: web.Request) -> web.Response:
        deployment = self._deployments.get((request.match_info["cloud"], request.match_info["name"]))
        return json_answer(self._describe(deployment)) if deployment else _missing()

    async def _delete(self, request: web.Request) -> web.Response:
        key = request.match_info["cloud"], request.match_info["name"]
        async with self._changes.setdefault(key, asyncio.Lock()):
            deployment = self._deployments.pop(key, None)
            if deployment is None:
                return _missing()
            old = [one for one in self._retired if (one.record.cloud, one.record.name) == key]
            for one in (deployment, *old):
                await one.stop()
            self._retired = [one for one in self._retired if one not in old]
            return json_answer({})

    async def _log(self, request: web.Request) -> web.Response:
        """Answer with a page of a function's log, which outlives the function."""
        cloud, name = request.match_info["cloud"], request.match_info["name"]
        return await page_of(request, self._home.log(f"{cloud}-{Path(name).name}"))

    async def _fire(self, request: web.Request) -> web.Response:
        """Fire the schedule of a body {"schedule": NAME, "time": ISO 8601 or null}."""
        deployment = self._deployments.get((request.match_info["cloud"], request.match_info["name"]))
        if deployment is None:
            return _missing()
        name = deployment.record.name
        try:
            asked = json.loads(await request.read())
            schedule, moment = str(asked["schedule"]), asked.get("time")
        except (ValueError, TypeError, KeyError, AttributeError):
            return json_answer({"error": "the body must be a JSON object with schedule and time"}, 400)
        try:
            return json_answer(await fire(deployment, schedule, moment, self._log_of(deployment.record)))
        except (ValueError, TypeError, OverflowError):
            return json_answer({"error": f"{moment!r} is no ISO-8601 time"}, 400)
        except KeyError:
            return json_answer({"error": f"{name} has no schedule {schedule}"}, 404)
        except (EndedError, TooLargeError):
            return json_answer({"error": f"{name}: its process ended, or its answer was too large"}, 502)
        except (StartError, TimedOutError) as error:
            return json_answer({"error": f"{name}: {error}"}, 502)

    def _describe(self, deployment: Deployment) -> dict[str, object]:
        record = deployment.record
        shown = record.to_json(f"{self._endpoint}{PREFIXES[record.cloud]}{record.name}")
        shown["timers"] = dict(deployment.timers)
        shown["state"] = f"not running: {deployment.problem}" if deployment.problem else "active"
        return shown

    def _log_of(self, record: FunctionRecord) -> Path:
        return self._home.log(f"{record.cloud}-{record.name}")

    def _note(self, deployment: Deployment, text: str) -> None:
        note(self._log_of(deployment.record), text)


def _missing() -> web.Response:
    return json_answer({"error": "no such function"}, 404)


async def _form(request: web.Request) -> tuple[object, bytes]:
    """Return the definition and the zip of a deployment. Raises: RefusedError."""
    form = await request.post()
    code, definition = form.get("code"), form.get("definition")
    if not isinstance(code, web.FileField) or not isinstance(definition, str):
        raise RefusedError("a deployment is a form with definition (JSON) and code (a zip file)")
    try:
        return json.loads(definition), code.file.read()
    except ValueError:
        raise RefusedError("the definition is no JSON") from None


def _make(cloud: str, name: str, definition: Definition, code: bytes, folder: Path, keys: Keys) -> FunctionRecord:
    """Unpack and build. Blocking. Raises: RefusedError."""
    code_zip.unpack(cloud, code, folder / "code")
    (folder / "scratch").mkdir()
    digest = hashlib.sha256(code).hexdigest()
    return FunctionRecord(cloud, name, definition, digest, folder, build(folder / "code"), keys)
