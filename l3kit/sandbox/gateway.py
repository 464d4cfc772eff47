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
from l3kit.sandbox.answers import json_answer, rest_error
from l3kit.sandbox.aws import function_urls
from l3kit.sandbox.aws.account import ACCOUNT_ID, REGION
from l3kit.sandbox.aws.dynamodb import DynamoDB
from l3kit.sandbox.aws.function_logs import CloudWatch
from l3kit.sandbox.aws.function_record import FunctionConfig
from l3kit.sandbox.aws.iam.wiring import Permissions
from l3kit.sandbox.aws.lambda_api import LambdaApi
from l3kit.sandbox.aws.metrics import Metrics
from l3kit.sandbox.aws.monitoring import Monitoring
from l3kit.sandbox.aws.notifications import Notifications
from l3kit.sandbox.aws.parts import AwsParts
from l3kit.sandbox.aws.rule_errors import RuleErrors
from l3kit.sandbox.aws.runtime_files import link_runtime
from l3kit.sandbox.aws.s3 import S3
from l3kit.sandbox.aws.schedules import Schedules
from l3kit.sandbox.aws.service_objects import ServiceObjects
from l3kit.sandbox.aws.signatures import SERVICES, scope_of
from l3kit.sandbox.aws.topics import CONFIRM_PATH, Topics
from l3kit.sandbox.azure.part import IOT_HUB
from l3kit.sandbox.cloud_parts import CloudParts
from l3kit.sandbox.emulators import Emulator
from l3kit.sandbox.faults.messages import MessageFaults
from l3kit.sandbox.faults.plans import FaultPlans
from l3kit.sandbox.functions.instance import open_session
from l3kit.sandbox.functions.service import CloudFunctions
from l3kit.sandbox.message_parts import MessageParts
from l3kit.sandbox.messages.broker import MQTT
from l3kit.sandbox.open_requests import OpenRequests
from l3kit.sandbox.owner import Owner
from l3kit.sandbox.redacted_logs import log_redacted
from l3kit.sandbox.service_host import MAX_BODY_BYTES, ServiceHost, client_session, free_socket, runner_of
from l3kit.sandbox.state import DISK_EXIT, Home, ProcessInfo, SandboxState, read_state, write_json
from l3kit.sandbox.stop_reason import note_stop

WATCH_SECONDS = 1.0
_ONE_REGION = frozenset(("dynamodb", "iot", "iotdata", "lambda", "scheduler", "logs", "monitoring", "sns", "sqs"))


class Gateway:
    """Route requests by the service in their signature, as AWS does by host name."""

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
        emulators = await stack.enter_async_context(contextlib.AsyncExitStack())  # stopped last
        self._aws = AwsParts(self._home, session, emulators, self._publish_later)
        moto = self._aws.moto
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        runner = runner_of(app)
        site_socket = free_socket()
        port = site_socket.getsockname()[1]
        endpoint = f"http://127.0.0.1:{port}"
        notifications = Notifications(session, self._home.inbox)
        stack.push_async_callback(notifications.close)
        self._monitoring = Monitoring(moto, Metrics(), Topics(notifications, endpoint))
        cloudwatch = CloudWatch(moto, self._role_may, self._monitoring)
        self._faults = FaultPlans(self._kill)
        message_faults = MessageFaults(self._faults.of_caller, self._faults.kill)
        functions = LambdaApi(self._home, moto, cloudwatch, endpoint, message_faults, self._role_may)
        self._permissions = Permissions(moto, functions.record)
        stack.push_async_callback(functions.close)
        self._functions = functions
        middlewares = [self._requests.middleware, self._with_faults]
        host = ServiceHost(self._home, session, self._faults, self._aws, {IOT_HUB: self._iot_hub}, stack, middlewares)
        self._parts = CloudParts(host)
        calls = await stack.enter_async_context(open_session())
        self._cloud_functions = CloudFunctions(self._home, calls, endpoint, self._parts.function_variables)
        stack.push_async_callback(self._cloud_functions.close)
        self._messages = MessageParts(
            *(self._home, endpoint, calls, functions, self._cloud_functions, message_faults),
            RuleErrors(self._permissions.role_use, ServiceObjects(moto)),
            lambda: self._parts.endpoints.get("storage", ""),
            lambda broker: self._serve_broker(host.keep(broker)),
        )
        stack.push_async_callback(self._messages.sources.close)
        self._add_routes(app, functions)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        self._published = (endpoint, port, datetime.now(UTC).isoformat(timespec="seconds"))
        await web.SockSite(runner, site_socket).start()
        self._publish()
        tasks = [asyncio.create_task(one) for one in (cloudwatch.run(), self._monitoring.run(), self._watch())]
        await self.stopping.wait()
        print(f"stopping: {self.reason}", flush=True)
        with contextlib.suppress(OSError):
            note_stop(self._home, self.reason, self._dead_part)
        for task in tasks:
            task.cancel()

    def _add_routes(self, app: web.Application, functions: LambdaApi) -> None:
        permissions, moto = self._permissions, self._aws.moto
        schedules = Schedules(moto, functions, permissions.role_use)
        dynamodb, s3 = (
            DynamoDB(moto, self._aws.dynalite, self._aws.expect_dynamodb),
            S3(moto, permissions.bucket_policies),
        )
        by_service: dict[str, Callable[[web.Request], Awaitable[web.StreamResponse]]] = {
            "dynamodb": dynamodb.handle,
            "s3": s3.handle,
            "iot": self._messages.topic_rules.handle,
            "iotdata": self._messages.iot_data.handle,
            "lambda": functions.handle,
            "monitoring": self._monitoring.handle,
            "scheduler": schedules.handle,
            "sns": self._monitoring.topics.handle,
        }

        async def route(request: web.Request) -> web.StreamResponse:
            region, service = scope_of(request)
            if service not in SERVICES:
                return rest_error(501, "NotImplemented", "It is signed for a service that the l3kit sandbox lacks")
            if service in _ONE_REGION and region != REGION:
                message = f"The l3kit sandbox serves {REGION} only; the request was signed for another region"
                return rest_error(400, "ValidationException", message)
            return await permissions.enforcement.handle(request, service, by_service.get(service, moto.forward))

        async def health(request: web.Request) -> web.Response:
            await self._aws.check()
            return json_answer({"pid": os.getpid(), "home": str(self._home.root), "account": ACCOUNT_ID})

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

        self._faults.add_routes(app, admin)
        self._cloud_functions.add_routes(app, admin)
        self._messages.sources.add_routes(app, admin)
        app.middlewares.extend([self._requests.middleware, self._with_faults])
        app.router.add_get("/_sandbox/health", health)
        app.router.add_get(CONFIRM_PATH, self._monitoring.topics.confirm)
        app.router.add_post("/_sandbox/stop", admin(stop))
        app.router.add_post("/_sandbox/clouds", admin(start))
        app.router.add_get("/_sandbox/schedules", admin(schedules.list))
        app.router.add_post("/_sandbox/schedules/{group}/{name}/fire", admin(schedules.fire))
        app.router.add_route("*", function_urls.PREFIX + "{name}", functions.serve_url)
        app.router.add_route("*", function_urls.PREFIX + "{name}/{tail:.*}", functions.serve_url)
        app.router.add_route("*", "/{tail:.*}", route)

    @property
    def _with_faults(self) -> Callable[..., Awaitable[web.StreamResponse]]:
        @web.middleware
        async def with_faults(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            return await self._faults.handle(request, handler)

        return with_faults

    async def _role_may(self, function: FunctionConfig, action: str, resource: str) -> bool:
        return not await self._permissions.role_use.problem_with(function.role, function.name, action, resource)

    def _kill(self, function: str, instance: str | None) -> None:
        self._functions.kill(function, instance)
        self._cloud_functions.kill(function, instance)

    async def _iot_hub(self, request: web.Request) -> web.StreamResponse:
        return await self._messages.iot_hub.handle(request)

    def _serve_broker(self, broker: Emulator) -> None:
        self._parts.endpoints[MQTT] = f"127.0.0.1:{broker.info.port}"
        self._publish_later()

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
            self._aws.facts,
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
            await self._functions.end_idle()
            await self._cloud_functions.end_idle()


def main(arguments: list[str] | None = None) -> int:
    """Run the gateway; a start-up failure is written to the home's failure file, which `up` reports."""
    parser = argparse.ArgumentParser(prog="python -m l3kit.sandbox.gateway")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--idle-seconds", type=float, required=True)
    parser.add_argument("--owner", nargs=2, metavar=("PID", "CREATED"), help="end when this process has ended")
    options = parser.parse_args(arguments)
    home = Home(options.home)
    log_redacted()
    os.environ["GRPC_VERBOSITY"] = "NONE"  # gRPC's core logs headers
    try:
        link_runtime(home.runtime)
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
