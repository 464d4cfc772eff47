"""moto and dynalite behind the gateway: moto starts with the first AWS request, dynalite with DynamoDB's first."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable

import aiohttp

from l3kit.errors import SandboxError
from l3kit.sandbox import node_install
from l3kit.sandbox.aws.emulators import start_dynalite, start_moto
from l3kit.sandbox.aws.iam.moto_iam import MotoIam
from l3kit.sandbox.aws.iam.operator import make_operator, operator_policies
from l3kit.sandbox.aws.upstream import AwsUpstream
from l3kit.sandbox.emulators import Emulator
from l3kit.sandbox.on_demand import OnDemand
from l3kit.sandbox.state import Home


class AwsParts:
    """The AWS emulators.

    Args:
        stack: closed when the gateway stops.
        changed: called after one of them has started.

    Attributes:
        moto, dynalite: forwarding a request starts them if necessary, and may raise SandboxError.
    """

    def __init__(
        self,
        home: Home,
        session: aiohttp.ClientSession,
        stack: contextlib.AsyncExitStack,
        changed: Callable[[], None],
    ) -> None:
        self._home = home
        self._session = session

        def started(emulator: Emulator) -> None:
            stack.push_async_callback(emulator.stop)
            changed()

        self._moto = OnDemand(self._start_moto, started)
        self._dynalite = OnDemand(self._start_dynalite, started)
        self._parts = (self._moto, self._dynalite)
        for part in self._parts:
            stack.push_async_callback(part.give_up)
        self.moto = AwsUpstream(session, self._moto.port)
        self.dynalite = AwsUpstream(session, self._dynalite.port)

    @property
    def emulators(self) -> tuple[Emulator, ...]:
        """The running emulators."""
        return tuple(part.emulator for part in self._parts if part.emulator is not None)

    @property
    def serves(self) -> bool:
        """True if moto is running."""
        return self._moto.emulator is not None

    async def start(self) -> None:
        """Start the emulator that every twin on AWS needs. Raises: SandboxError with the last lines of its log."""
        await self._moto.port()

    def expect_dynamodb(self) -> None:
        """Begin dynalite's start: a caller that reads a table's settings usually reads its items next."""
        self._dynalite.begin()

    async def check(self) -> None:
        """Send a call to each running emulator. Raises: SandboxError."""
        for part, upstream in zip(self._parts, (self.moto, self.dynalite), strict=True):
            if part.emulator is None:
                continue
            try:
                answer = await upstream.call_json("dynamodb", "DynamoDB_20120810.ListTables", {})
                json.loads(answer.body)
                problem = "" if answer.status == 200 else f"answered {answer.status} to a first call"
            except (aiohttp.ClientError, ValueError, TimeoutError) as error:
                problem = f"did not answer a first call ({type(error).__name__})"
            if problem:
                name = part.emulator.info.name
                raise SandboxError(f"sandbox emulator {name}", problem, "Read the logs in the sandbox's home")

    async def _start_moto(self) -> Emulator:
        emulator = await start_moto(self._home)
        try:
            await make_operator(MotoIam(AwsUpstream(self._session, emulator.info.port)), operator_policies())
        except BaseException:
            await emulator.stop()
            raise
        return emulator

    async def _start_dynalite(self) -> Emulator:
        node, modules = await asyncio.to_thread(node_install.ready, node_install.NODE_FILES)
        return await start_dynalite(self._home, node.binary, str(modules))
