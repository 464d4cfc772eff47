"""The processes that a gateway starts and watches."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from l3kit.errors import SandboxError
from l3kit.sandbox.shell import emulator_environment
from l3kit.sandbox.state import Home, ProcessInfo, tail

START_SECONDS = 40.0


@dataclass(slots=True)
class Emulator:
    """A running emulator process; it ends when the pipe to its stdin closes."""

    info: ProcessInfo
    process: asyncio.subprocess.Process

    async def stop(self) -> None:
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self.process.wait(), 1.0)
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    self.process.kill()
                await self.process.wait()


def start_failure(name: str, cause: str, log: Path) -> SandboxError:
    return SandboxError(
        f"sandbox emulator {name}",
        f"{cause}; the last lines of its log:\n{tail(log)}\n",
        f"Read the log, {log}, then run `l3kit sandbox up` again",
    )


async def start_emulator(name: str, command: Sequence[str], home: Home) -> Emulator:
    """Start a program that writes its port to the file descriptor that it gets as its last argument.

    Raises: SandboxError with the last lines of its log.
    """
    log = home.log(name)
    read_end, write_end = os.pipe()
    try:
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *command,
                str(write_end),
                stdin=asyncio.subprocess.PIPE,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                pass_fds=(write_end,),
                env=emulator_environment(),
            )
    except OSError as error:
        os.close(read_end)
        raise start_failure(name, f"could not be run ({error.strerror})", log) from None
    finally:
        os.close(write_end)
    port = await _read_port(name, process, read_end, log)
    created = psutil.Process(process.pid).create_time()
    return Emulator(ProcessInfo(name, process.pid, port, str(log), created), process)


async def _read_port(name: str, process: asyncio.subprocess.Process, read_end: int, log: Path) -> int:
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read_end, "rb", 0)
    )
    try:
        line = await asyncio.wait_for(reader.readline(), START_SECONDS)
    except TimeoutError:
        process.kill()
        raise start_failure(name, f"was not ready after {START_SECONDS:.0f} s", log) from None
    finally:
        transport.close()
    if not line:
        code = await process.wait()
        raise start_failure(name, f"ended with exit code {code} while starting", log)
    return int(line)
