"""The sandbox's functions of Azure and Google Cloud on a loopback port of their own, and tiny zips to deploy there."""

from __future__ import annotations

import asyncio
import contextlib
import io
import itertools
import json
import subprocess
import sys
import textwrap
import threading
import time
import zipfile
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import psutil
import requests
from aiohttp import web

from l3kit.provisioning.function_host import Definition, Deployed
from l3kit.sandbox.cloud_functions import CloudFunctions
from l3kit.sandbox.cloud_functions.client import SandboxFunctionHost
from l3kit.sandbox.cloud_functions.instance import Instance, open_session
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
        self._session = open_session()
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

    def put(self, name: str, told: object, code: bytes | None, raw: str | None = None) -> tuple[int, str]:
        """A deployment that is to be refused. Returns: the status and the error's words."""
        files: dict[str, Any] = {"definition": (None, json.dumps(told) if raw is None else raw)}
        if code is not None:
            files["code"] = ("code.zip", code)
        url = f"{self.hosts.endpoint}/_sandbox/functions/{self.cloud}/{name}"
        answer = requests.put(url, files=files, timeout=60)
        return answer.status_code, answer.json()["error"]

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
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def definition(**more: object) -> dict[str, object]:
    """A definition that both clouds take, and what replaces its parts."""
    return {"python": PYTHON, "settings": {}, "labels": {}, "timeout": 60, "public": False, "schedules": [], **more}


def listening_addresses(process: psutil.Process) -> list[str]:
    """Where the process and its children listen."""
    family = [process, *process.children(recursive=True)]
    found = [c.laddr.ip for one in family for c in one.net_connections() if c.status == psutil.CONN_LISTEN]
    assert found
    return found


GATEWAY = """
import sys
from pathlib import Path
from tests.support.function_hosts import Deployments, served
with served(Path(sys.argv[1])) as hosts:
    cloud = Deployments(hosts, sys.argv[2])
    process = cloud.process(cloud.deploy(Path(sys.argv[3]).read_text()))
    print(*[one.pid for one in [process, *process.children(recursive=True)]], flush=True)
    sys.stdin.read()
"""


def gateway_in_a_process(folder: Path, cloud: str) -> tuple[list[psutil.Process], Callable[[], None]]:
    """Serve the function of `app.py` in that folder. Returns: its processes, and what kills the gateway."""
    command = [sys.executable, "-c", GATEWAY, str(folder / "home"), cloud, str(folder / "app.py")]
    gateway = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    assert gateway.stdout is not None
    processes = [psutil.Process(int(pid)) for pid in gateway.stdout.readline().split()]
    assert processes

    def kill() -> None:
        gateway.kill()
        gateway.communicate()

    return processes, kill
