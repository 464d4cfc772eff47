"""The output of Lambda functions: a file per function, the tail of each invocation, and CloudWatch Logs in moto."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from l3kit.files import refusal
from l3kit.sandbox.aws.function_record import FunctionConfig
from l3kit.sandbox.aws.iam.calls.targets import log_arn
from l3kit.sandbox.aws.monitoring import Monitoring
from l3kit.sandbox.aws.upstream import AwsUpstream

May = Callable[[FunctionConfig, str, str], Awaitable[bool]]
"""Permission check of a function's role, by function, action and resource."""
TAIL_BYTES = 4096
_TARGET = "Logs_20140328."


class CloudWatch:
    """Sends the lines of finished invocations to moto in the background, batch after batch.

    Args:
        monitoring: gets the metrics of these lines, and whether each invocation failed.
    """

    def __init__(self, moto: AwsUpstream, may: May, monitoring: Monitoring) -> None:
        self._moto = moto
        self._may = may
        self._monitoring = monitoring
        self._queue: asyncio.Queue[tuple[FunctionConfig, str, list[tuple[int, str]]]] = asyncio.Queue()
        self._made: set[tuple[str, str]] = set()

    def send(self, function: FunctionConfig, stream: str, events: list[tuple[int, str]]) -> None:
        if events:
            self._queue.put_nowait((function, stream, events))

    def count(self, function: str, *, failed: bool) -> None:
        """Count an invocation in Lambda's own metric of errors."""
        self._monitoring.metrics.put("AWS/Lambda", "Errors", {"FunctionName": function}, time.time(), float(failed))
        self._monitoring.news()

    def forget(self, group: str) -> None:
        """Recreate the group when it is next needed: it may have been deleted with its function."""
        self._made = {pair for pair in self._made if pair[0] != group}

    async def run(self) -> None:
        while True:
            function, stream, events = await self._queue.get()
            with contextlib.suppress(Exception):  # a lost log line must not end the shipping of the others
                await self._put(function, stream, events)

    async def _put(self, function: FunctionConfig, stream: str, events: list[tuple[int, str]]) -> None:
        """Write with the function's role, as Lambda does; without permission the lines are silently dropped."""
        group = function.log_group
        names = {"logGroupName": group, "logStreamName": stream}
        if not await self._may(function, "logs:PutLogEvents", log_arn(group, stream)):
            return
        for _ in range(2):
            if (group, stream) not in self._made:
                if await self._may(function, "logs:CreateLogGroup", log_arn(group)):
                    await self._moto.call_json("logs", _TARGET + "CreateLogGroup", {"logGroupName": group})
                if await self._may(function, "logs:CreateLogStream", log_arn(group, stream)):
                    await self._moto.call_json("logs", _TARGET + "CreateLogStream", names)
                self._made.add((group, stream))
            content = {**names, "logEvents": [{"timestamp": when, "message": text} for when, text in events]}
            answer = await self._moto.call_json("logs", _TARGET + "PutLogEvents", content)
            if answer.status == 200:
                for _, text in events:
                    if self._monitoring.metrics.put_line(text):
                        self._monitoring.news()
                return
            self._made.discard((group, stream))


class InstanceLog:
    """Collects an instance's output and writes whole lines to the function's file."""

    def __init__(self, file: Path, cloudwatch: CloudWatch, function: FunctionConfig, stream: str) -> None:
        self.file = file
        self._cloudwatch = cloudwatch
        self._function = function
        self.group, self.stream = function.log_group, stream
        self._partial = b""
        self._tail = b""
        self._events: list[tuple[int, str]] = []

    def feed(self, data: bytes) -> None:
        *lines, self._partial = (self._partial + data).split(b"\n")
        for line in lines:
            self._write(line)

    def line(self, text: str) -> None:
        """Write one of the platform's lines: START, END, REPORT."""
        self.flush_partial()
        self._write(text.encode())

    def flush_partial(self) -> None:
        if self._partial:
            partial, self._partial = self._partial, b""
            self._write(partial)

    def begin(self) -> None:
        self._tail = b""

    def finish(self) -> bytes:
        """End an invocation: hand its lines to CloudWatch and return the last 4 KB."""
        self.flush_partial()
        self._cloudwatch.send(self._function, self.stream, self._events)
        self._events = []
        return self._tail[-TAIL_BYTES:]

    def _write(self, line: bytes) -> None:
        text = line.replace(b"\r", b"\n")  # the runtime client joins the lines of a traceback with CR
        try:
            with self.file.open("ab") as file:
                file.write(text + b"\n")
        except OSError as error:  # what a function does must not depend on it; the reader of the tail sees it
            text += f"\n[sandbox] {self.file.name} cannot be written: {'. '.join(refusal(error))}".encode()
        self._tail = (self._tail + text + b"\n")[-2 * TAIL_BYTES :]
        self._events.append((int(time.time() * 1000), text.decode("utf-8", "replace")))
