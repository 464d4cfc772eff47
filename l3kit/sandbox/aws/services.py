"""AWS's services behind the gateway's own address, distinguished by the service in a request's signature."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from types import MappingProxyType

from aiohttp import web

from l3kit.sandbox.answers import rest_error
from l3kit.sandbox.aws import faults, function_urls
from l3kit.sandbox.aws.account import ACCOUNT_ID, NAME, REGION
from l3kit.sandbox.aws.dynamodb import DynamoDB
from l3kit.sandbox.aws.function_logs import CloudWatch
from l3kit.sandbox.aws.function_record import FunctionConfig
from l3kit.sandbox.aws.iam.wiring import Permissions
from l3kit.sandbox.aws.iot_data import IotData
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
from l3kit.sandbox.aws.topic_rules import TopicRules
from l3kit.sandbox.aws.topics import CONFIRM_PATH, Topics
from l3kit.sandbox.emulators import Emulator
from l3kit.sandbox.faults.services import Caller, Service
from l3kit.sandbox.service_host import Handler, ServiceHost

_ONE_REGION = frozenset(("dynamodb", "iot", "iotdata", "lambda", "scheduler", "logs", "monitoring", "sns", "sqs"))


class AwsServices:
    """The port `GatewayServices`. Raises: SandboxError if Lambda's runtime is not installed; OSError."""

    cloud = NAME
    facts: Mapping[str, str] = MappingProxyType({"region": REGION})

    def __init__(self, host: ServiceHost) -> None:
        link_runtime(host.home.runtime)
        emulators = contextlib.AsyncExitStack()
        host.at_end(emulators.aclose)  # given first, so that they stop last
        self._parts = AwsParts(host.home, host.session, emulators, host.changed)
        moto = self._parts.moto
        notifications = Notifications(host.session, host.home.inbox)
        host.at_end(notifications.close)
        self._monitoring = Monitoring(moto, Metrics(), Topics(notifications, host.endpoint))
        self._cloudwatch = CloudWatch(moto, self._role_may, self._monitoring)
        functions = LambdaApi(host.home, moto, self._cloudwatch, host.endpoint, host.message_faults, self._role_may)
        host.at_end(functions.close)
        self._functions = functions
        self._permissions = Permissions(moto, functions.record)
        rules = TopicRules(
            functions.record,
            functions.events.accept,
            lambda: functions.events.pending,
            functions.note,
            RuleErrors(self._permissions.role_use, ServiceObjects(moto)),
            host.messages.broker.begin,
        )
        host.messages.add(NAME, rules)
        self._schedules = Schedules(moto, functions, self._permissions.role_use)
        self._by_service: Mapping[str, Handler] = {
            "dynamodb": DynamoDB(moto, self._parts.dynalite, self._parts.expect_dynamodb).handle,
            "s3": S3(moto, self._permissions.bucket_policies).handle,
            "iot": rules.handle,
            "iotdata": IotData(host.messages.take, host.messages.broker.publish).handle,
            "lambda": functions.handle,
            "monitoring": self._monitoring.handle,
            "scheduler": self._schedules.handle,
            "sns": self._monitoring.topics.handle,
        }

    @property
    def emulators(self) -> tuple[Emulator, ...]:
        return self._parts.emulators

    @property
    def serves(self) -> bool:
        return self._parts.serves

    async def start(self) -> None:
        await self._parts.start()

    async def check(self) -> Mapping[str, str]:
        await self._parts.check()
        return {"account": ACCOUNT_ID}

    def add_routes(self, app: web.Application, admin: Callable[[Handler], Handler]) -> None:
        app.router.add_get(CONFIRM_PATH, self._monitoring.topics.confirm)
        app.router.add_get("/_sandbox/schedules", admin(self._schedules.list))
        app.router.add_post("/_sandbox/schedules/{group}/{name}/fire", admin(self._schedules.fire))
        app.router.add_route("*", function_urls.PREFIX + "{name}", self._functions.serve_url)
        app.router.add_route("*", function_urls.PREFIX + "{name}/{tail:.*}", self._functions.serve_url)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        region, service = scope_of(request)
        if service not in SERVICES:
            return rest_error(501, "NotImplemented", "It is signed for a service that the l3kit sandbox lacks")
        if service in _ONE_REGION and region != REGION:
            message = f"The l3kit sandbox serves {REGION} only; the request was signed for another region"
            return rest_error(400, "ValidationException", message)
        handler = self._by_service.get(service, self._parts.moto.forward)
        return await self._permissions.enforcement.handle(request, service, handler)

    def service_of(self, request: web.Request) -> Service:
        return faults.service_of(request)

    def caller_of(self, request: web.Request) -> Caller:
        return faults.caller_of(request)

    def kill(self, function: str, instance: str | None) -> None:
        self._functions.kill(function, instance)

    async def end_idle(self) -> None:
        await self._functions.end_idle()

    async def run(self) -> None:
        await asyncio.gather(self._cloudwatch.run(), self._monitoring.run())

    async def _role_may(self, function: FunctionConfig, action: str, resource: str) -> bool:
        return not await self._permissions.role_use.problem_with(function.role, function.name, action, resource)
