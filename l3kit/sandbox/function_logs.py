"""What functions print: a file per function, the tail of each invocation, and CloudWatch Logs in moto."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path

from l3kit.sandbox.upstream import Upstream

TAIL_BYTES = 4096
_TARGET = "Logs_20140328."


class CloudWatch:
    """Sends finished invocations' lines to moto, one batch after the other, beside the invocations themselves."""

    def __init__(self, moto: Upstream) -> None:
        self._moto = moto
        self._queue: asyncio.Queue[tuple[str, str, list[tuple[int, str]]]] = asyncio.Queue()
        self._made: set[tuple[str, str]] = set()

    def send(self, group: str, stream: str, events: list[tuple[int, str]]) -> None:
        if events:
            self._queue.put_nowait((group, stream, events))

    def forget(self, group: str) -> None:
        """The group may have been deleted together with its function; make it anew when needed."""
        self._made = {pair for pair in self._made if pair[0] != group}

    async def run(self) -> None:
        while True:
            group, stream, events = await self._queue.get()
            with contextlib.suppress(Exception):  # a lost log line must not end the shipping of the others
                await self._put(group, stream, events)

    async def _put(self, group: str, stream: str, events: list[tuple[int, str]]) -> None:
        names = {"logGroupName": group, "logStreamName": stream}
        for _ in range(2):
            if (group, stream) not in self._made:
                await self._moto.call_json("logs", _TARGET + "CreateLogGroup", {"logGroupName": group})
                await self._moto.call_json("logs", _TARGET + "CreateLogStream", names)
                self._made.add((group, stream))
            content = {**names, "logEvents": [{"timestamp": when, "message": text} for when, text in events]}
            answer = await self._moto.call_json("logs", _TARGET + "PutLogEvents", content)
            if answer.status == 200:
                return
            self._made.discard((group, stream))


class InstanceLog:
    """Collects one instance's output: bytes come in as they are read, whole lines go to the function's file."""

    def __init__(self, file: Path, cloudwatch: CloudWatch, group: str, stream: str) -> None:
        self._file = file
        self._cloudwatch = cloudwatch
        self.group, self.stream = group, stream
        self._partial = b""
        self._tail = b""
        self._events: list[tuple[int, str]] = []

    def feed(self, data: bytes) -> None:
        *lines, self._partial = (self._partial + data).split(b"\n")
        for line in lines:
            self._write(line)

    def line(self, text: str) -> None:
        """A line of the platform itself: START, END, REPORT."""
        self.flush_partial()
        self._write(text.encode())

    def flush_partial(self) -> None:
        if self._partial:
            partial, self._partial = self._partial, b""
            self._write(partial)

    def begin(self) -> None:
        self._tail = b""

    def finish(self) -> bytes:
        """End of an invocation: hand its lines to CloudWatch, return the last 4 KB."""
        self.flush_partial()
        self._cloudwatch.send(self.group, self.stream, self._events)
        self._events = []
        return self._tail[-TAIL_BYTES:]

    def _write(self, line: bytes) -> None:
        text = line.replace(b"\r", b"\n")  # the runtime client joins the lines of a traceback with CR
        with self._file.open("ab") as file:
            file.write(text + b"\n")
        self._tail = (self._tail + text + b"\n")[-2 * TAIL_BYTES :]
        self._events.append((int(time.time() * 1000), text.decode("utf-8", "replace")))
