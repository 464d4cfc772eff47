"""The process of one function of Azure or Google Cloud, and the requests that go to it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import aiohttp
from multidict import CIMultiDict

from l3kit.sandbox.cloud_functions.azure_host import KEY_VARIABLE, MASTER_VARIABLE
from l3kit.sandbox.cloud_functions.record import FunctionRecord

START_SECONDS = 60.0
POLL_SECONDS = 0.02
LINE_BYTES = 64 * 1024
HERE = Path(__file__).parent


class StartError(Exception):
    """The function's process ended, or reported nothing, while it started; the message holds the end of its log."""


class EndedError(Exception):
    """The process ended while it held a request."""


class UnreachedError(EndedError):
    """The process ended before it took the request: it may be sent to another one."""


def open_session() -> aiohttp.ClientSession:
    """For requests to functions: each goes on a connection of its own and is sent once, whatever becomes of it."""
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=512, force_close=True),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=20),
        auto_decompress=False,
        read_bufsize=1024 * 1024,
        max_line_size=LINE_BYTES,
        max_field_size=LINE_BYTES,
    )
    session._retry_connection = False  # aiohttp would repeat GET, PUT and DELETE, so that one request crashes twice
    return session


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What the function answered."""

    status: int
    headers: CIMultiDict[str]
    body: bytes


class Instance:
    """One process that serves several requests at once.

    Args:
        environment: what the platform tells the function beside its own settings.
        log_file: gets what the process prints.
    """

    def __init__(
        self, record: FunctionRecord, environment: Mapping[str, str], log_file: Path, session: aiohttp.ClientSession
    ) -> None:
        self.record = record
        self.id = uuid.uuid4().hex
        self.master_key = uuid.uuid4().hex
        self.timers: Mapping[str, str] = {}
        self.open_requests = 0
        self.idle_since = time.monotonic()
        self._environment = environment
        self._log_file = log_file
        self._session = session
        self._process: asyncio.subprocess.Process | None = None
        self._port = 0
        self._killed = False

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None and not self._killed

    @property
    def ended(self) -> bool:
        """Whether its process has been and is no more; one that is just being started has not."""
        return self._process is not None and not self.alive

    async def start(self) -> None:
        """Start the process and wait until it answers. Raises: StartError."""
        read_end, write_end = os.pipe()
        host = HERE / ("azure_host.py" if self.record.cloud == "azure" else "gcp_host.py")
        command = (sys.executable, "-S", "-s", "-P", str(host), str(self.record.root), str(self.record.dependencies))
        try:
            with self._log_file.open("ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    *command,
                    str(write_end),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=self.record.root,
                    env=self._variables(),
                    pass_fds=(write_end,),
                    process_group=0,
                )
        finally:
            os.close(write_end)
        ready = await self._ready(os.fdopen(read_end, "rb", 0))
        self._port, self.timers = int(ready["port"]), ready.get("timers", {})
        await self._accepting()

    async def request(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes, *, timeout: float
    ) -> HttpAnswer:
        """Pass a request on. Raises: EndedError, UnreachedError; TimeoutError."""
        self.open_requests += 1
        try:
            async with (
                asyncio.timeout(timeout),
                self._session.request(
                    method,
                    f"http://127.0.0.1:{self._port}{target}",
                    headers=headers,
                    data=body,
                    allow_redirects=False,
                ) as answer,
            ):
                return HttpAnswer(answer.status, CIMultiDict(answer.headers), await answer.read())
        except aiohttp.ClientConnectorError as error:
            raise UnreachedError(str(error)) from None
        except aiohttp.ClientError as error:
            raise EndedError(str(error)) from None
        finally:
            self.open_requests -= 1
            self.idle_since = time.monotonic()

    def crash(self) -> None:
        """Kill the process and all it started; to everybody else it has ended by itself."""
        if self._process is not None:
            self._killed = True  # the loop learns of its end later, and a request that comes before needs another one
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def stop(self) -> None:
        """Kill it and wait until it is gone."""
        self.crash()
        if self._process is not None:
            await self._process.wait()

    async def _ready(self, pipe: IO[bytes]) -> dict[str, Any]:
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), pipe
        )
        try:
            line = await asyncio.wait_for(reader.readline(), START_SECONDS)
        except TimeoutError:
            await self.stop()
            raise StartError(f"did not start within {START_SECONDS:.0f} s{self._log_end()}") from None
        finally:
            transport.close()
        if not line:
            await self.stop()
            raise StartError(f"ended while it started{self._log_end()}")
        return dict(json.loads(line))

    async def _accepting(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.alive:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self._port)
            except OSError:
                await asyncio.sleep(POLL_SECONDS)
                continue
            writer.close()
            return
        await self.stop()
        raise StartError(f"did not listen{self._log_end()}")

    def _log_end(self) -> str:
        lines = self._log_file.read_text("utf-8", "replace").splitlines()[-12:]
        return "; the end of its log:\n" + "\n".join(lines)

    def _variables(self) -> dict[str, str]:
        """What the platform gives, and the function's own settings; nothing of the developer's."""
        record = self.record
        common = {"LANG": "C.UTF-8", "TZ": "UTC", "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(record.root)}
        common["PYTHONDONTWRITEBYTECODE"] = "1"
        if record.cloud == "azure":
            common |= {
                "FUNCTIONS_WORKER_RUNTIME": "python",
                "FUNCTIONS_EXTENSION_VERSION": "~4",
                "WEBSITE_SITE_NAME": record.name,
                "WEBSITE_INSTANCE_ID": self.id,
                KEY_VARIABLE: record.key,
                MASTER_VARIABLE: self.master_key,
            }
        else:
            common |= {
                "K_SERVICE": record.name,
                "K_REVISION": f"{record.name}-{self.id[:8]}",
                "K_CONFIGURATION": record.name,
                "FUNCTION_TARGET": "main",
                "FUNCTION_SIGNATURE_TYPE": "http",
            }
        return common | dict(self._environment) | dict(record.settings)
