"""The gateway, `python -m l3kit.sandbox.gateway`: the sandbox's endpoint; starts emulators and routes requests."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import psutil
from aiohttp import web

from l3kit.errors import L3Error, SandboxError
from l3kit.files import UNWRITABLE, refusal
from l3kit.sandbox.admin_calls import admin, cloud_in
from l3kit.sandbox.answers import json_answer
from l3kit.sandbox.cloud import gateway_cloud, sandbox_cloud
from l3kit.sandbox.cloud_parts import CloudParts
from l3kit.sandbox.emulators import Emulator
from l3kit.sandbox.faults.messages import MessageFaults
from l3kit.sandbox.faults.plans import FaultPlans
from l3kit.sandbox.faults.services import CALLS, Calls
from l3kit.sandbox.functions.instance import open_session
from l3kit.sandbox.functions.process import note
from l3kit.sandbox.functions.service import CloudFunctions
from l3kit.sandbox.http_settings import MAX_BODY_BYTES, client_session, free_socket, runner_of
from l3kit.sandbox.messages.broker import MQTT, Broker
from l3kit.sandbox.messages.sources import MessageSources
from l3kit.sandbox.open_requests import OpenRequests
from l3kit.sandbox.owner import Owner
from l3kit.sandbox.redacted_logs import log_redacted
from l3kit.sandbox.service_host import GatewayServices, ServiceHost
from l3kit.sandbox.state import DISK_EXIT, Home, ProcessInfo, SandboxState, read_state, write_json
from l3kit.sandbox.stop_reason import note_stop

WATCH_SECONDS = 1.0


class Gateway:
    """One address for the functions of all clouds, for admin calls, and for the services of the cloud behind it."""

    def __init__(self, home: Home, idle_seconds: float, owner: Owner | None = None) -> None:
        self._home = home
        self._idle_seconds = idle_seconds
        self._owner = owner
        self._requests = OpenRequests()
        self._unpublished = False
        self.stopping = asyncio.Event()
        self.reason, self._dead_part = "stopped by request", ""

    async def run(self) -> None:
        """Serve until stopped, idle for too long, or without one of the emulators."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self.stopping.set)
        async with contextlib.AsyncExitStack() as stack:
            session = await stack.enter_async_context(client_session())
            await self._serve(stack, session)

    async def _serve(self, stack: contextlib.AsyncExitStack, session: aiohttp.ClientSession) -> None:
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        runner = runner_of(app)
        site_socket = free_socket()
        port = site_socket.getsockname()[1]
        endpoint = f"http://127.0.0.1:{port}"
        calls = await stack.enter_async_context(open_session())
        self._faults = FaultPlans(self._kill)
        self._functions = CloudFunctions(self._home, calls, endpoint, lambda of: self._parts.function_variables(of))
        self._messages = MessageSources(Broker(self._home, endpoint, self._serve_broker), self._note_refusal)
        middlewares = [self._requests.middleware, self._with_faults]
        deliveries = MessageFaults(self._faults.of_caller, self._faults.kill)
        places = (self._home, endpoint, session, calls)
        parts = (self._faults, deliveries, self._functions, self._messages)
        self._host = ServiceHost(*places, *parts, self._publish_later, stack, middlewares)
        self._own = _own_services(self._host)
        self._parts = CloudParts(self._host, self._own)
        stack.push_async_callback(self._functions.close)
        stack.push_async_callback(self._messages.close)
        self._add_routes(app)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        self._published = (endpoint, port, datetime.now(UTC).isoformat(timespec="seconds"))
        await web.SockSite(runner, site_socket).start()
        self._publish()
        tasks = [asyncio.create_task(one) for one in (self._own.run(), self._watch())]
        await self.stopping.wait()
        print(f"stopping: {self.reason}", flush=True)
        with contextlib.suppress(OSError):
            note_stop(self._home, self.reason, self._dead_part)
        for task in tasks:
            task.cancel()

    def _add_routes(self, app: web.Application) -> None:
        async def route(request: web.Request) -> web.StreamResponse:
            return await (self._functions.handler_of(request) or self._own.handle)(request)

        async def health(request: web.Request) -> web.Response:
            checked = await self._own.check()
            return json_answer({"pid": os.getpid(), "home": str(self._home.root), **checked})

        async def stop(request: web.Request) -> web.Response:
            self.stopping.set()
            return json_answer({})

        async def start(request: web.Request) -> web.Response:
            cloud = cloud_in(await request.read())
            try:
                await self._parts.start(cloud)
                self._publish()
            except L3Error as error:
                failure = {"resource": error.resource, "cause": error.cause, "remedy": error.remedy}
                return json_answer({"error": failure}, 500)
            except OSError as error:
                cause, remedy = refusal(error)
                failure = {"resource": f"sandbox home {self._home.root}", "cause": cause, "remedy": remedy}
                return json_answer({"error": failure}, 500)
            return json_answer({"endpoints": self._parts.endpoints})

        app[CALLS] = Calls(self._own.service_of, self._own.caller_of)
        app.middlewares.extend([self._requests.middleware, self._with_faults])
        for part in (self._faults, self._functions, self._messages, self._own):
            part.add_routes(app, admin)
        app.router.add_get("/_sandbox/health", health)
        app.router.add_post("/_sandbox/stop", admin(stop))
        app.router.add_post("/_sandbox/clouds", admin(start))
        app.router.add_route("*", "/{tail:.*}", route)

    @property
    def _with_faults(self) -> Callable[..., Awaitable[web.StreamResponse]]:
        @web.middleware
        async def with_faults(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            return await self._faults.handle(request, handler)

        return with_faults

    def _kill(self, function: str, instance: str | None) -> None:
        self._own.kill(function, instance)
        self._functions.kill(function, instance)

    def _serve_broker(self, broker: Emulator) -> None:
        self._host.keep(broker)
        self._parts.endpoints[MQTT] = f"127.0.0.1:{broker.info.port}"
        self._publish_later()

    def _note_refusal(self, text: str) -> None:
        try:
            note(self._home.log("messages"), text)
        except OSError:
            print("a refused message could not be noted: the disk is full", flush=True)

    def _publish(self) -> None:
        endpoint, port, begun = self._published
        me = ProcessInfo("gateway", os.getpid(), port, str(self._home.log("gateway")), psutil.Process().create_time())
        state = SandboxState(
            endpoint,
            (me, *(emulator.info for emulator in self._parts.emulators)),
            self._home.root,
            begun,
            dict(self._parts.endpoints),
            self._parts.started,
            self._own.facts,
        )
        write_json(self._home.state_file, state.to_json())
        self._unpublished = False

    def _publish_later(self) -> None:
        """Publish the state; if the disk is not writable, retry later."""
        self._unpublished = True
        with contextlib.suppress(OSError):
            self._publish()

    async def _watch(self) -> None:
        """Stop when idle, when the owner or an emulator has died, or when the state file names another gateway."""
        while not self.stopping.is_set():
            await asyncio.sleep(WATCH_SECONDS)
            state = read_state(self._home)
            if state is None or state.processes[0].pid != os.getpid():
                self.reason = "the state file is missing or names another gateway"
                self.stopping.set()
            if self._owner is not None and not self._owner.is_alive:
                self.reason = f"its owner, process {self._owner.pid}, has ended"
                self.stopping.set()
            for emulator in self._parts.emulators:
                if not emulator.info.is_alive():
                    self.reason, self._dead_part = f"{emulator.info.name} ended by itself", emulator.info.name
                    self.stopping.set()
            if self._requests.idle_seconds > self._idle_seconds:
                self.reason = f"no request for {self._idle_seconds:.0f} s"
                self.stopping.set()
            if self._unpublished:
                self._publish_later()
            await self._own.end_idle()
            await self._functions.end_idle()


def _own_services(host: ServiceHost) -> GatewayServices:
    make = sandbox_cloud(gateway_cloud()).own_services
    assert make is not None
    return make(host)


def main(arguments: list[str] | None = None) -> int:
    """Run the gateway; a start-up failure is written to the home's failure file, which `up` reports."""
    parser = argparse.ArgumentParser(prog="python -m l3kit.sandbox.gateway")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--idle-seconds", type=float, required=True)
    parser.add_argument("--owner", nargs=2, metavar=("PID", "CREATED"), help="end when this process has ended")
    options = parser.parse_args(arguments)
    home = Home(options.home)
    log_redacted()
    try:
        asyncio.run(_run(home, options))
    except SandboxError as error:
        write_json(home.failure_file, {"resource": error.resource, "cause": error.cause, "remedy": error.remedy})
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno in UNWRITABLE:  # a failure file could not be written either
            return DISK_EXIT + error.errno
        raise
    finally:
        state = read_state(home)
        if state is not None and state.processes[0].pid == os.getpid():
            home.state_file.unlink(missing_ok=True)
    return 0


async def _run(home: Home, options: argparse.Namespace) -> None:
    owner = Owner(int(options.owner[0]), float(options.owner[1])) if options.owner else None
    await Gateway(home, options.idle_seconds, owner).run()


if __name__ == "__main__":
    sys.exit(main())
