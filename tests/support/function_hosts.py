"""The sandbox's functions of Azure and Google Cloud on a loopback port of their own, and tiny zips to deploy there."""

from __future__ import annotations

import asyncio
import contextlib
import io
import itertools
import sys
import textwrap
import threading
import zipfile
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import requests
from aiohttp import web

from l3kit.provisioning.function_host import Definition, Deployed
from l3kit.sandbox.cloud_functions import CloudFunctions
from l3kit.sandbox.cloud_functions.client import SandboxFunctionHost
from l3kit.sandbox.cloud_functions.instance import Instance
from l3kit.sandbox.cloud_parts import free_socket, runner_of
from l3kit.sandbox.state import Home

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
CONSTRAINTS = (Path(__file__).parents[2] / "constraints.txt").read_text()
FRAMEWORK = {"azure": "azure-functions", "gcp": "functions-framework"}
ENTRY = {"azure": "function_app.py", "gcp": "main.py"}
_numbers = itertools.count(1)


def sample_zip(cloud: str, source: str, **files: str | None) -> bytes:
    """A function of that source; `files` (dots written as `__`) replace others, or remove them where None."""
    content: dict[str, str | None] = {
        ENTRY[cloud]: textwrap.dedent(source),
        "requirements.txt": f"-c constraints.txt\n{FRAMEWORK[cloud]}\n",
        "constraints.txt": CONSTRAINTS,
    }
    if cloud == "azure":
        content["host.json"] = '{"version": "2.0"}'
    content |= {name.replace("__", "."): text for name, text in files.items()}
    return zipped({name: text for name, text in content.items() if text is not None})


def zipped(content: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    return buffer.getvalue()


class Hosts:
    """One registry of functions behind a server in a thread."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder)
        self.home.logs.mkdir(parents=True)
        self.home.functions.mkdir(parents=True)
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self.endpoint: str = self.within(self._start())

    async def _start(self) -> str:
        self._session = aiohttp.ClientSession(auto_decompress=False)
        app = web.Application(client_max_size=1024**3)
        listener = free_socket()
        endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.functions = CloudFunctions(self.home, self._session, endpoint, lambda cloud: {"PLACE": cloud})
        self.functions.add_routes(app, lambda handler: handler)
        self._runner = runner_of(app)
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()
        return endpoint

    async def _close(self) -> None:
        await self.functions.close()
        await self._session.close()
        await self._runner.cleanup()

    def close(self) -> None:
        self.within(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)

    def within(self, awaitable: Awaitable[Any]) -> Any:
        """Run it on the server's loop."""

        async def run() -> Any:
            return await awaitable

        future: Future[Any] = asyncio.run_coroutine_threadsafe(run(), self._loop)
        return future.result(120)


class Deployments:
    """Functions of one cloud: each test deploys under names of its own."""

    def __init__(self, hosts: Hosts, cloud: str) -> None:
        self.hosts, self.cloud = hosts, cloud
        self.client = SandboxFunctionHost(hosts.endpoint, cloud)

    def deploy(
        self,
        source: str,
        *,
        name: str = "",
        settings: Mapping[str, str] | None = None,
        timeout: int = 60,
        public: bool = False,
        schedules: Sequence[Mapping[str, str]] = (),
        **files: str | None,
    ) -> str:
        """Returns: the function's name."""
        name = name or f"f-{next(_numbers)}"
        definition = Definition(PYTHON, dict(settings or {}), {"l3kit-twin": "t"}, timeout, public, tuple(schedules))
        deployed: Deployed = self.client.put(name, definition, sample_zip(self.cloud, source, **files))
        assert deployed.url == f"{self.hosts.endpoint}/_{self.cloud}/{name}"
        return name

    def key(self, name: str) -> str:
        return self.hosts.functions._records[self.cloud, name].key

    def instance(self, name: str) -> Instance:
        return self.hosts.functions._instances[self.cloud, name]

    def process(self, name: str) -> psutil.Process:
        process = self.instance(name)._process
        assert process is not None
        return psutil.Process(process.pid)

    def ask(self, method: str, name: str, path: str, *, key: str = "", **more: Any) -> requests.Response:
        """A request as somebody outside sends it; with `key`, as somebody who may call the function."""
        headers = dict(more.pop("headers", {}))
        if key:
            headers |= {"x-functions-key": key} if self.cloud == "azure" else {"Authorization": f"Bearer {key}"}
        with requests.Session() as session:
            session.trust_env = False
            url = f"{self.hosts.endpoint}/_{self.cloud}/{name}{path}"
            return session.request(method, url, headers=headers, **{"timeout": 60, **more})

    def log(self, name: str) -> str:
        return self.hosts.home.log(f"{self.cloud}-{name}").read_text()


@contextlib.contextmanager
def served(folder: Path) -> Iterator[Hosts]:
    hosts = Hosts(folder)
    try:
        yield hosts
    finally:
        hosts.close()


def megabytes(count: int) -> Iterator[bytes]:
    """A body that nobody knows the length of before its end."""
    block = b"x" * 1024 * 1024
    return (block for _ in range(count))


def wait_for(condition: Callable[[], bool], seconds: float = 15.0) -> bool:
    """Poll until it holds. Returns: whether it did in time."""
    import time

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return condition()
