"""Start the gateway's emulators: moto (control plane, S3), dynalite, Azurite, a Cosmos DB server, an MQTT broker."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from l3kit.errors import SandboxError
from l3kit.sandbox.node_install import NODE_FILES
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


async def start_moto(home: Home) -> Emulator:
    """Start moto. Raises: SandboxError with the last lines of its log."""
    return await _start("moto", [sys.executable, "-m", "l3kit.sandbox.aws.moto_host"], home)


async def start_dynalite(home: Home, node: str, modules: str) -> Emulator:
    """Start dynalite.

    Args:
        node: the real node binary, not a wrapper.
        modules: folder that holds node_modules.
    Raises: SandboxError with the last lines of its log.
    """
    return await _start("dynalite", [node, str(NODE_FILES / "dynalite_host.js"), modules], home)


async def start_azurite(home: Home, node: str, modules: str) -> Emulator:
    """Start Azurite's blob service without the data of an earlier run.

    Args:
        node: the real node binary, not a wrapper.
        modules: folder that holds node_modules.
    Raises: SandboxError with the last lines of its log.
    """
    data = home.root / "azurite"
    try:
        await asyncio.to_thread(shutil.rmtree, data)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise start_failure(
            "azurite", f"its folder {data} could not be emptied ({error.strerror})", home.log("azurite")
        ) from None
    return await _start("azurite", [node, str(NODE_FILES / "azurite_host.js"), modules, str(data)], home)


async def start_cosmos(home: Home, node: str, modules: str) -> Emulator:
    """Start the Cosmos DB server.

    Args:
        node: the real node binary, not a wrapper.
        modules: folder that holds node_modules.
    Raises: SandboxError with the last lines of its log.
    """
    return await _start("cosmos", [node, str(NODE_FILES / "cosmos_host.js"), modules], home)


async def start_broker(home: Home, node: str, modules: str, gateway: str) -> Emulator:
    """Start the MQTT broker.

    Args:
        gateway: address to which it posts the messages.
    Raises: SandboxError with the last lines of its log.
    """
    return await _start("mqtt", [node, str(NODE_FILES / "mqtt_host.js"), modules, gateway], home)


def start_failure(name: str, cause: str, log: Path) -> SandboxError:
    return SandboxError(
        f"sandbox emulator {name}",
        f"{cause}; the last lines of its log:\n{tail(log)}\n",
        f"Read the log, {log}, then run `l3kit sandbox up` again",
    )


async def _start(name: str, command: Sequence[str], home: Home) -> Emulator:
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
