"""The MQTT broker: a separate process, started on first use, which posts each message to the gateway."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import Callable

from l3kit.errors import SandboxError
from l3kit.sandbox import node_install
from l3kit.sandbox.emulators import Emulator, start_emulator
from l3kit.sandbox.on_demand import OnDemand
from l3kit.sandbox.state import Home

MQTT = "mqtt"
"""Name of the process, and of its address among the sandbox's endpoints."""


class Broker:
    """The broker of a gateway.

    Args:
        endpoint: the gateway's address, to which the broker posts messages.
        started: called once it accepts connections.
    """

    def __init__(self, home: Home, endpoint: str, started: Callable[[Emulator], None]) -> None:
        self._home = home
        self._endpoint = endpoint
        self._part = OnDemand(self._start, started)

    async def begin(self) -> str:
        """Start it if needed. Returns: host and port. Raises: SandboxError with the last lines of its log."""
        return f"127.0.0.1:{await self._part.port()}"

    async def publish(self, topic: str, payload: bytes) -> None:
        """Publish with QoS 1; nothing is sent while no broker is running. Raises: SandboxError."""
        emulator = self._part.emulator
        if emulator is None:
            return
        line = json.dumps({"topic": topic, "payload": base64.b64encode(payload).decode()})
        assert emulator.process.stdin is not None
        try:
            emulator.process.stdin.write(line.encode() + b"\n")
            await emulator.process.stdin.drain()
        except (ConnectionError, OSError) as error:
            raise SandboxError(
                "sandbox: MQTT broker", f"ended ({type(error).__name__})", "Restart the sandbox"
            ) from None

    async def close(self) -> None:
        """Cancel a start in progress."""
        with contextlib.suppress(asyncio.CancelledError):
            await self._part.give_up()

    async def _start(self) -> Emulator:
        node, modules = await asyncio.to_thread(node_install.ready, node_install.BROKER_FILES)
        program = str(node_install.NODE_FILES / "mqtt_host.js")
        return await start_emulator("mqtt", [node.binary, program, str(modules), self._endpoint], self._home)
