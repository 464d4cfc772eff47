"""The process of a function, and the requests forwarded to it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from l3kit.sandbox.functions.log_file import last_texts
from l3kit.sandbox.functions.output import Output
from l3kit.sandbox.functions.platform import Platform
from l3kit.sandbox.functions.process import SYSTEM, FunctionProcess
from l3kit.sandbox.functions.record import FunctionRecord
from l3kit.sandbox.http_settings import client_session

START_SECONDS = 60.0
SHOWN_BYTES, SHOWN_LINES = 16_384, 12
"""Limits of what is shown from the end of the log of a process that did not start."""

Body = bytes | AsyncIterable[bytes]


class StartError(Exception):
    """The function's process ended or did not become ready during its start; the message has the end of its log."""


class EndedError(Exception):
    """The process ended while it held a request."""


class TooLargeError(Exception):
    """The answer exceeds the cloud's limit."""


def open_session() -> aiohttp.ClientSession:
    """Open the session for requests to functions; each is sent once, whatever its outcome."""
    session = client_session()
    session._retry_connection = False  # aiohttp repeats GET, PUT and DELETE: one request would crash two processes
    return session


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A function's answer."""

    status: int
    headers: CIMultiDict[str]
    body: bytes


class Instance(FunctionProcess):
    """A process that serves several requests at once.

    Args:
        added: variables of the sandbox besides the platform's, such as addresses of emulators.
        log_file: also receives the process's output, each line with its time.

    Attributes:
        ready: what the platform's program has reported of the function once it was loaded.
        timers: the schedules in its code by name.
    """

    def __init__(
        self,
        record: FunctionRecord,
        platform: Platform,
        added: Mapping[str, str],
        log_file: Path,
        session: aiohttp.ClientSession,
    ) -> None:
        super().__init__(log_file)
        self.record = record
        self.platform = platform
        self.ready: Mapping[str, Any] = MappingProxyType({})
        self.run_seconds = float(record.definition.timeout)
        self.open_requests = 0
        self._added = added
        self._session = session
        self.output = Output(log_file)

    @property
    def timers(self) -> Mapping[str, str]:
        timers: Mapping[str, str] = self.ready.get("timers", {})
        return timers

    async def start(self) -> None:
        """Start the process and wait until it serves. Raises: StartError."""
        read_end, write_end = os.pipe()
        printed = self.output.open()
        try:
            await self._spawn(
                *(self.platform.host, str(self.record.root), str(self.record.dependencies), str(write_end)),
                folder=self.record.root,
                environment=self._variables(),
                output=printed,
                keep=(write_end,),
            )
        except BaseException as error:
            os.close(read_end)
            self.output.close()
            if isinstance(error, OSError):
                raise StartError(f"its process could not be started ({error.strerror})") from None
            raise
        finally:
            os.close(write_end)
            os.close(printed)
        try:
            if self._killed:
                os.close(read_end)
                raise StartError("was ended while it started")
            self.ready = await self._until_ready(os.fdopen(read_end, "rb", 0))
            for name, schedule in self.timers.items():
                if problem := self.platform.schedule_problem(schedule):
                    raise StartError(f"the timer {name}: {problem}")
        except BaseException:
            await self.stop("its start failed")
            raise
        self.run_seconds = min(self.run_seconds, self.ready.get("run_seconds", self.run_seconds))
        self.idle_since = time.monotonic()

    async def stop(self, why: str) -> None:
        """Kill it, and note that after its last output."""
        self.crash(why)
        if self._process is not None:
            await self._process.wait()
        self.output.close()
        await super().stop(why)

    async def request(
        self, method: str, target: str, headers: Mapping[str, str], body: Body, *, most: int | None = None
    ) -> HttpAnswer:
        """Forward a request.

        Args:
            target: path and query as sent.
            most: limit of an answer's stated length, in bytes.
        Raises: EndedError; TooLargeError.
        """
        self.open_requests += 1
        try:
            async with self._session.request(
                method,
                URL(f"http://127.0.0.1:{self.ready['port']}{target}", encoded=True),
                headers=headers,
                data=body or None,
                allow_redirects=False,
                skip_auto_headers=("User-Agent", "Content-Type", "Accept", "Accept-Encoding"),
            ) as answer:
                if most is not None and method != "HEAD" and (answer.content_length or 0) > most:
                    raise TooLargeError
                return HttpAnswer(answer.status, CIMultiDict(answer.headers), await answer.read())
        except aiohttp.ClientError as error:
            await self._exited()
            raise EndedError(type(error).__name__) from None
        finally:
            self.open_requests -= 1
            self.idle_since = time.monotonic()

    def _variables(self) -> dict[str, str]:
        """Return the variables of the process: the sandbox's and the platform's, then its own settings."""
        scratch = str(self.record.scratch)
        common = {**SYSTEM, "HOME": scratch, "TMPDIR": scratch, "PYTHONUNBUFFERED": "1"}
        platform = self.platform.variables(self.record, self.id)
        return {**common, **platform, **self._added, **self.record.definition.settings}

    async def _exited(self) -> None:
        """Wait briefly for the process's end."""
        assert self._process is not None
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), self.platform.exit_seconds)

    async def _until_ready(self, pipe: IO[bytes]) -> dict[str, Any]:
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), pipe
        )
        try:
            line = await asyncio.wait_for(reader.readline(), START_SECONDS)
        except TimeoutError:
            raise StartError(f"did not start within {START_SECONDS:.0f} s{self._log_end()}") from None
        finally:
            transport.close()
        if not line:
            raise StartError(f"ended while it started{self._log_end()}")
        return dict(json.loads(line))

    def _log_end(self) -> str:
        self.output.drain()
        try:
            texts = last_texts(self.log_file, SHOWN_BYTES)[-SHOWN_LINES:]
        except OSError:
            texts = []
        return "; the end of its log:\n" + ("\n".join(texts) or "(the log is empty)")
