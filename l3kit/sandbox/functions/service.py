"""The registry of deployed functions, and the admin API to deploy, show, fire and delete them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import aiohttp
from aiohttp import web

from l3kit.sandbox.answers import json_answer
from l3kit.sandbox.functions.deployment import Deployment
from l3kit.sandbox.functions.firing import fire
from l3kit.sandbox.functions.front import Front
from l3kit.sandbox.functions.instance import EndedError, Instance, StartError, TooLargeError
from l3kit.sandbox.functions.log_pages import page_of
from l3kit.sandbox.functions.making import form_of, make_record
from l3kit.sandbox.functions.platform import Handler, Platform
from l3kit.sandbox.functions.process import IDLE_SECONDS, note
from l3kit.sandbox.functions.record import FunctionRecord, Job, Keys, RefusedError
from l3kit.sandbox.functions.refusals import check_definition
from l3kit.sandbox.functions.runs import TimedOutError
from l3kit.sandbox.functions.shared_code import SharedCode
from l3kit.sandbox.state import Home

Key = tuple[str, str]
_PUBLIC = re.compile(r"/_(?P<cloud>[a-z0-9-]+)/(?P<name>[^{}/]+)(?:/.*)?")


class CloudFunctions:
    """The functions in one gateway of all clouds whose platforms have been added.

    Args:
        endpoint: the gateway's own address; the functions' addresses begin with it.
        environment: what the sandbox adds to the settings of a cloud's functions.
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
        self._code = SharedCode(home.functions / ".clouds")
        self.endpoint = endpoint
        self._environment = environment
        self._front = Front(self._note)
        self._platforms: dict[str, Platform] = {}
        self._deployments: dict[Key, Deployment] = {}
        self._retired: list[Deployment] = []
        self._coming: set[Deployment] = set()
        self._changes: dict[Key, asyncio.Lock] = {}

    def add(self, platform: Platform) -> None:
        """Serve the functions of a cloud."""
        self._platforms[platform.cloud] = platform

    def add_routes(self, app: web.Application, admin: Callable[[Handler], Handler]) -> None:
        router = app.router
        router.add_get("/_sandbox/functions/{cloud}", admin(self._list))
        router.add_put("/_sandbox/functions/{cloud}/{name}", admin(self._put))
        router.add_get("/_sandbox/functions/{cloud}/{name}", admin(self._get))
        router.add_delete("/_sandbox/functions/{cloud}/{name}", admin(self._delete))
        router.add_get("/_sandbox/functions/{cloud}/{name}/log", admin(self._log))
        router.add_post("/_sandbox/functions/{cloud}/{name}/fire", admin(self._fire))

    def handler_of(self, request: web.Request) -> Handler | None:
        """Return the handler of a request to a function; None for any other request."""
        found = _PUBLIC.fullmatch(request.rel_url.raw_path)
        if found is None or found["cloud"] not in self._platforms:
            return None
        key = found["cloud"], unquote(found["name"])
        platform = self._platforms[found["cloud"]]

        async def serve(request: web.Request) -> web.StreamResponse:
            return await self._front.serve(request, platform, lambda: self._deployments.get(key))

        return serve

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

    def deployed(self, cloud: str, name: str) -> Deployment | None:
        """Return a function's current deployment; None if it does not exist."""
        return self._deployments.get((cloud, name))

    async def at_port(self, cloud: str, port: int) -> str | None:
        """Return the function of a cloud whose process has a connection from this local port; None if there is none."""
        for deployment in [*self._deployments.values(), *self._retired, *self._coming]:
            if deployment.record.cloud == cloud and await deployment.has_port(port):
                return deployment.record.name
        return None

    def note(self, cloud: str, name: str, text: str) -> None:
        """Write a line into a function's log; on a full disk it is dropped."""
        with contextlib.suppress(OSError):
            note(self._home.log(f"{cloud}-{name}"), text)

    async def _put(self, request: web.Request) -> web.Response:
        cloud, name = request.match_info["cloud"], request.match_info["name"]
        if refusal := self._refusal(cloud):
            return refusal
        try:
            given, code = await form_of(request)  # one that never comes to its end must hold up no other
            return json_answer(self._describe(await self.deploy(cloud, name, given, code)))
        except RefusedError as refused:
            return json_answer({"error": str(refused)}, 400)

    async def deploy(self, cloud: str, name: str, given: object, code: bytes) -> Deployment:
        """Build and start a function by its definition, in place of its former code.

        Raises: RefusedError if it cannot be built, or does not start and the former one serves on; OSError.
        """
        key, platform = (cloud, name), self._platforms[cloud]
        async with self._changes.setdefault(key, asyncio.Lock()):
            before = self._deployments.get(key)
            folder = self._home.functions / f"{cloud}-{name}-{uuid.uuid4().hex[:12]}"
            try:
                definition = check_definition(platform, name, given)
                keys = before.record.keys if before else Keys()
                record = await asyncio.to_thread(
                    make_record, platform, name, definition, code, folder, keys, self._code
                )
                deployment = Deployment(record, self._instance_of, self._code.remove)
                await self._start(platform, deployment, before)
            except (RefusedError, OSError):
                await asyncio.to_thread(self._code.remove, folder)
                raise
            self._deployments[key] = deployment
            if before is not None:
                before.retire()
                self._retired.append(before)
                await self.end_idle()
            return deployment

    async def _start(self, platform: Platform, deployment: Deployment, before: Deployment | None) -> None:
        """Start it. Raises: RefusedError if it does not start and the former deployment continues to serve."""
        self._coming.add(deployment)
        try:
            await deployment.instance()
        except StartError as error:
            self._note(deployment, f"it did not start: {error}")
            if platform.keeps_former and before is not None:
                raise RefusedError(f"the new code did not start, the old one serves on: {error}") from None
        finally:
            self._coming.discard(deployment)

    def _instance_of(self, record: FunctionRecord) -> Instance:
        added = self._environment(record.cloud)
        return Instance(record, self._platforms[record.cloud], added, self._log_of(record), self._session)

    async def _list(self, request: web.Request) -> web.Response:
        cloud = request.match_info["cloud"]
        found = [self._describe(deployment) for (of, _), deployment in sorted(self._deployments.items()) if of == cloud]
        return json_answer(found)

    async def _get(self, request: web.Request) -> web.Response:
        deployment = self._deployments.get((request.match_info["cloud"], request.match_info["name"]))
        return json_answer(self._describe(deployment)) if deployment else _missing()

    async def _delete(self, request: web.Request) -> web.Response:
        cloud, name = request.match_info["cloud"], request.match_info["name"]
        if refusal := self._refusal(cloud):
            return refusal
        return json_answer({}) if await self.delete(cloud, name) else _missing()

    def _refusal(self, cloud: str) -> web.Response | None:
        """Return the refusal of a change by the admin API; None if this cloud's functions are changed by it."""
        platform = self._platforms.get(cloud)
        if platform is None:
            return json_answer({"error": f"{cloud!r} is not a cloud with functions here"}, 404)
        if not platform.by_admin:
            return json_answer({"error": f"the functions of {cloud!r} are deployed by its control plane alone"}, 403)
        return None

    async def delete(self, cloud: str, name: str) -> bool:
        """End a function and remove it. Returns: whether there was one."""
        key = cloud, name
        async with self._changes.setdefault(key, asyncio.Lock()):
            deployment = self._deployments.pop(key, None)
            if deployment is None:
                return False
            old = [one for one in self._retired if (one.record.cloud, one.record.name) == key]
            for one in (deployment, *old):
                await one.stop()
            self._retired = [one for one in self._retired if one not in old]
            return True

    def schedule(self, cloud: str, name: str, jobs: Sequence[Job]) -> None:
        """Give a function these schedules instead of its own; one that is not deployed has none."""
        deployment = self._deployments.get((cloud, name))
        if deployment is not None:
            definition = replace(deployment.record.definition, jobs=tuple(jobs))
            deployment.record = replace(deployment.record, definition=definition)

    async def run_schedule(self, cloud: str, name: str, schedule: str) -> None:
        """Run the target of a function's schedule. Raises: what `fire` raises; KeyError without such a function."""
        deployment = self._deployments[cloud, name]
        await fire(deployment, schedule, None, self._log_of(deployment.record))

    def log_file(self, cloud: str, name: str) -> Path:
        """Return the log of a function, which need not exist."""
        return self._home.log(f"{cloud}-{Path(name).name}")

    async def _log(self, request: web.Request) -> web.Response:
        """Answer with a page of a function's log, which outlives the function."""
        return await page_of(request, self.log_file(request.match_info["cloud"], request.match_info["name"]))

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
            return json_answer({"error": f"{moment!r} is not an ISO-8601 time"}, 400)
        except KeyError:
            return json_answer({"error": f"{name} has no schedule {schedule}"}, 404)
        except (EndedError, TooLargeError):
            return json_answer({"error": f"{name}: its process ended, or its answer was too large"}, 502)
        except (StartError, TimedOutError) as error:
            return json_answer({"error": f"{name}: {error}"}, 502)

    def _describe(self, deployment: Deployment) -> dict[str, object]:
        record = deployment.record
        shown = record.to_json(self.endpoint + record.path)
        shown["timers"] = dict(deployment.timers)
        shown["state"] = f"not running: {deployment.problem}" if deployment.problem else "active"
        return shown

    def _log_of(self, record: FunctionRecord) -> Path:
        return self._home.log(f"{record.cloud}-{record.name}")

    def _note(self, deployment: Deployment, text: str) -> None:
        note(self._log_of(deployment.record), text)


def _missing() -> web.Response:
    return json_answer({"error": "no such function"}, 404)
