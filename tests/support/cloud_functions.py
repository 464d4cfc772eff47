"""The sandbox's Azure and Google Cloud functions on a port of their own, without the rest of a sandbox.

As a program (`python -m tests.support.cloud_functions FOLDER`) it prints its address and serves until it is killed.
"""

from __future__ import annotations

import asyncio
import io
import sys
import textwrap
import threading
import zipfile
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import psutil
import requests
from aiohttp import web

from l3kit.clouds.ports.function_host import Definition, Deployed
from l3kit.sandbox.azure import part as azure_part
from l3kit.sandbox.azure.function_apps import PLATFORM as AZURE
from l3kit.sandbox.functions.client import Entrance, SandboxFunctionHost
from l3kit.sandbox.functions.instance import open_session
from l3kit.sandbox.functions.platform import Platform
from l3kit.sandbox.functions.service import CloudFunctions
from l3kit.sandbox.gcp.account import PROJECT
from l3kit.sandbox.gcp.cloud_run import metadata_server
from l3kit.sandbox.gcp.cloud_run import platform as google_platform
from l3kit.sandbox.gcp.identity import Tokens
from l3kit.sandbox.gcp.invokers import Invokers
from l3kit.sandbox.http_settings import MAX_BODY_BYTES, free_socket, runner_of
from l3kit.sandbox.state import Home

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
HOSTS: Mapping[str, Callable[[str], SandboxFunctionHost]] = {
    "azure": azure_part.functions_at,
    "gcp": lambda endpoint: SandboxFunctionHost(endpoint, "gcp", Entrance("/", "Authorization")),
}
SCHEDULER = "scheduler"
"""The caller as which jobs call functions of Google Cloud."""
T = TypeVar("T")
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
CONSTRAINTS = Path(__file__).parents[2].joinpath("constraints.txt").read_text("utf-8")
ADMIN = {"X-L3kit-Sandbox": "1"}
ADDED = {
    "azure": {"STORAGE_CONNECTION_STRING": "of-the-sandbox"},
    "gcp": {"STORAGE_EMULATOR_HOST": "of-the-sandbox"},
}


def code_zip(**files: str) -> bytes:
    """Make a zip: `code_zip(main__py="...")`, with `__` for the period in a file's name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "."), textwrap.dedent(text))
    return buffer.getvalue()


def azure_zip(source: str, host: str = '{"version": "2.0"}', **more: str) -> bytes:
    needed = {"requirements__txt": "-c constraints.txt\nazure-functions\n", "constraints__txt": CONSTRAINTS}
    return code_zip(**{"function_app__py": source, "host__json": host, **needed, **more})


def gcp_zip(source: str, **more: str) -> bytes:
    needed = {"requirements__txt": "-c constraints.txt\nfunctions-framework\n", "constraints__txt": CONSTRAINTS}
    return code_zip(**{"main__py": source, **needed, **more})


def definition(**more: Any) -> Definition:
    return Definition(**{"python": PYTHON, "settings": {}, "owner": "", "timeout": 60, **more})


def email(function: str) -> str:
    """The account of a function of Google Cloud."""
    return f"{function}@{PROJECT}.iam.gserviceaccount.com"


@dataclass
class Definitions:
    """`Judge` of who may invoke functions: everybody by a public definition, and the callers that a test names."""

    functions: CloudFunctions
    callers: dict[str, Sequence[str]] = field(default_factory=dict)

    def refusal(self, email_of: str | None, permission: str, resource: str) -> str | None:
        function = resource.rpartition("/")[2]
        there = self.functions.deployed("gcp", function)
        is_public = there is not None and there.record.definition.public
        named = email_of in [email(caller) for caller in self.callers.get(function, ())]
        return None if is_public or named else f"no {permission} on {resource}"


@dataclass
class World:
    """A gateway's functions; `endpoint`, `metadata`: addresses, `home`: folder of their code and logs."""

    endpoint: str
    metadata: str
    home: Home
    functions: CloudFunctions
    loop: asyncio.AbstractEventLoop
    tokens: Tokens
    judge: Definitions

    def host(self, cloud: str) -> SandboxFunctionHost:
        return HOSTS[cloud](self.endpoint)

    def put(self, cloud: str, name: str, code: bytes, callers: Sequence[str] = (), **more: Any) -> Deployed:
        self.judge.callers[name] = callers
        return self.host(cloud).put(name, definition(**more), code)

    def shown(self, cloud: str, name: str) -> dict[str, Any]:
        answer = requests.get(f"{self.endpoint}/_sandbox/functions/{cloud}/{name}", headers=ADMIN, timeout=60)
        answer.raise_for_status()
        return dict(answer.json())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the gateway's event loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def kill(self, name: str) -> None:
        async def kill() -> None:
            self.functions.kill(name, None)

        self.run(kill())

    def log(self, cloud: str, name: str) -> str:
        return self.home.log(f"{cloud}-{name}").read_text("utf-8")

    def processes(self, cloud: str, name: str) -> list[psutil.Process]:
        return processes_of(self.home.root, cloud, name)


def processes_of(home: Path, cloud: str, name: str) -> list[psutil.Process]:
    """The processes of a function, identified by their working folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd().startswith(f"{home / 'functions'}/{cloud}-{name}-"):
                found.append(process)
        except psutil.Error:
            continue
    return [process for process in found if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


@contextmanager
def serving(folder: Path, azure: Platform = AZURE) -> Iterator[World]:
    home = Home(folder)
    for needed in (home.logs, home.functions):
        needed.mkdir(parents=True, exist_ok=True)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    world, end = asyncio.run_coroutine_threadsafe(_start(home, loop, azure), loop).result(60)
    try:
        yield world
    finally:
        world.run(end())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _start(
    home: Home, loop: asyncio.AbstractEventLoop, azure: Platform
) -> tuple[World, Callable[[], Coroutine[Any, Any, None]]]:
    session = open_session()
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    listener = free_socket()
    endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
    functions = CloudFunctions(home, session, endpoint, lambda cloud: ADDED[cloud])
    functions.add(azure)
    tokens, judge = Tokens(), Definitions(functions)
    served, metadata = await _serve(metadata_server(functions, tokens, email).serve)
    google = google_platform(functions, Invokers(tokens, judge), metadata, lambda function, job: email(SCHEDULER))
    functions.add(replace(google, by_admin=True))  # there is no control plane here
    functions.add_routes(app, _admin)

    async def serve(request: web.Request) -> web.StreamResponse:
        handler = functions.handler_of(request)
        return await handler(request) if handler else web.Response(status=404)

    app.router.add_route("*", "/{tail:.*}", serve)
    runner = runner_of(app)
    await runner.setup()
    await web.SockSite(runner, listener).start()

    async def end() -> None:
        await runner.cleanup()
        await functions.close()
        await served.cleanup()
        await session.close()

    return World(endpoint, f"http://{metadata}", home, functions, loop, tokens, judge), end


async def _serve(handle: Handler) -> tuple[web.AppRunner, str]:
    """Serve all requests by one handler. Returns: host and port."""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handle)
    runner, listener = runner_of(app), free_socket()
    await runner.setup()
    await web.SockSite(runner, listener).start()
    return runner, f"127.0.0.1:{listener.getsockname()[1]}"


def _admin(handler: Handler) -> Handler:
    async def checked(request: web.Request) -> web.StreamResponse:
        if "X-L3kit-Sandbox" not in request.headers:
            return web.Response(status=403)
        return await handler(request)

    return checked


if __name__ == "__main__":
    with serving(Path(sys.argv[1])) as served:
        print(served.endpoint, flush=True)
        threading.Event().wait()
