"""The clouds of a gateway, started when first needed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from l3kit.providers import names
from l3kit.sandbox.cloud import sandbox_cloud
from l3kit.sandbox.emulators import Emulator
from l3kit.sandbox.service_host import GatewayServices, ServiceHost


class CloudParts:
    """The clouds that a gateway has started; `own` are the services behind its own address."""

    def __init__(self, host: ServiceHost, own: GatewayServices) -> None:
        self._host = host
        self._own = own
        self._locks: dict[str, asyncio.Lock] = {}
        self._started: set[str] = set()
        self.endpoints: dict[str, str] = {}

    async def start(self, cloud: str) -> None:
        """Start a cloud's services unless they are running. Raises: SandboxError naming the one that did not start."""
        async with self._locks.setdefault(cloud, asyncio.Lock()):
            if cloud in self._started:
                return
            if cloud == self._own.cloud:
                await self._own.start()
            if (start := sandbox_cloud(cloud).start) is not None:
                self.endpoints |= await start(self._host)
            self._started.add(cloud)

    @property
    def started(self) -> tuple[str, ...]:
        """The clouds whose services run, in the order of the registry."""
        running = self._started | ({self._own.cloud} if self._own.serves else set())
        return tuple(name for name in names() if name in running)

    @property
    def emulators(self) -> tuple[Emulator, ...]:
        """The processes of all clouds."""
        return (*self._own.emulators, *self._host.emulators)

    def function_variables(self, cloud: str) -> Mapping[str, str]:
        """Return what the platform adds to the settings of a function of that cloud."""
        return sandbox_cloud(cloud).function_variables(self.endpoints)
