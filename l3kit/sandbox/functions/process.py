"""The process of a function on any cloud: starting it, ending it, and noting its end in the function's log."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from l3kit.sandbox.functions.log_file import stamp

IDLE_SECONDS = 600.0
"""Seconds without a request after which a process is ended."""
SYSTEM = {"LANG": "C.UTF-8", "TZ": "UTC", "PATH": "/usr/local/bin:/usr/bin:/bin"}
"""Variables of every function's process; none of the developer's is passed on."""


class FunctionProcess:
    """A process of a function; each cloud's instance adds the delivery of requests.

    Args:
        log_file: receives the note of its end.

    Attributes:
        id: unique among the function's processes.
        idle_since: when its last request ended, by the monotonic clock.
    """

    def __init__(self, log_file: Path) -> None:
        self.id = uuid.uuid4().hex
        self.idle_since = time.monotonic()
        self.log_file = log_file
        self._process: asyncio.subprocess.Process | None = None
        self._killed = False
        self._why = ""
        self._noted = False

    @property
    def alive(self) -> bool:
        """True if the process can accept requests."""
        return not self._killed and self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        """The process's id; None before its start."""
        return self._process.pid if self._process is not None else None

    def is_unused(self, now: float, idle_seconds: float) -> bool:
        """Return whether the process has ended, or has been idle for longer than `idle_seconds`."""
        return not self.alive or now - self.idle_since > idle_seconds

    def crash(self, why: str = "as a crash would") -> None:
        """Kill the process and its children. To its clients it has ended by itself.

        Args: why: for the log, unless it was killed before.
        """
        self._why = why if self.alive else self._why
        self._killed = True
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def stop(self, why: str) -> None:
        """Kill it, wait for its end, and note that in its function's log, once.

        Args: why: for the log; if it has ended by itself or was killed before, that is noted instead.
        """
        self.crash(why)
        if self._process is None:
            return
        ending = _end_of(self._process.pid, await self._process.wait(), self._why)
        if not self._noted:
            self._noted = True
            with contextlib.suppress(OSError):
                note(self.log_file, ending)

    async def _spawn(
        self,
        host: Path,
        *arguments: str,
        folder: Path,
        environment: Mapping[str, str],
        output: int,
        keep: Sequence[int] = (),
    ) -> asyncio.subprocess.Process:
        """Run `host` without site packages, as the leader of a process group.

        Args:
            folder: its working folder.
            output: receives its output.
            keep: file descriptors that it inherits.
        Raises: OSError.
        """
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-S", "-s", "-P", str(host), *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            env=environment,
            pass_fds=keep,
            process_group=0,
        )
        return self._process


def note(file: Path, text: str) -> None:
    """Append one of the sandbox's lines to a function's log. Raises: OSError."""
    with file.open("a", encoding="utf-8") as opened:
        opened.write(f"{stamp()} [sandbox] {text}\n")


def _end_of(pid: int, code: int, why: str) -> str:
    """Describe how a process ended.

    Args:
        code: as returned by `Process.wait`.
        why: reason for which the sandbox killed it; empty if it did not.
    """
    if why and code == -signal.SIGKILL:
        return f"process {pid} was ended: {why}"
    how = f"signal {-code}" if code < 0 else f"exit status {code}"
    return f"process {pid} ended by itself: {how}"
