"""Permission check of every AWS request before it reaches an emulator."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from aiohttp import web

from l3kit.sandbox.aws.iam import refusals
from l3kit.sandbox.aws.iam.callers import Callers, UnknownCallerError
from l3kit.sandbox.aws.iam.calls import dynamodb, query, rest, s3, targets
from l3kit.sandbox.aws.iam.calls.request import Call, UnmappedError, UnreadableError
from l3kit.sandbox.aws.iam.directory import Directory
from l3kit.sandbox.aws.iam.evaluation import Decision, Identity, Need, evaluate
from l3kit.sandbox.aws.iam.keys import Keys
from l3kit.sandbox.aws.iam.principals import Principal
from l3kit.sandbox.aws.iam.resource_policies import ResourcePolicies, needs_policy
from l3kit.sandbox.upstream import BODY

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ALWAYS_ALLOWED_TO_ROOT = frozenset(("s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"))
"""Allowed to the account's root even if the bucket's policy denies them, to prevent a lockout (S3 User Guide)."""


@dataclass(frozen=True)
class AccessRequest:
    """A request with its caller and its parsed call."""

    request: web.Request
    call: Call
    identity: Identity

    @property
    def principal(self) -> Principal:
        return self.identity.principal


EarlyAnswer = Callable[[AccessRequest], Awaitable[web.Response | None]]
"""Returns an answer that takes precedence over a refusal; None for the refusal."""
Guard = Callable[[AccessRequest, Handler], Awaitable[web.StreamResponse]]
"""Service-specific checks after the permissions; calls the handler itself."""


class Enforcement:
    """Permission check for all AWS services.

    Attributes:
        guards: service-specific checks, by service.
        early_answers: answers that take precedence over a refusal, by service.
    """

    def __init__(
        self,
        callers: Callers,
        directory: Directory,
        policies: ResourcePolicies,
        keys: Keys,
    ) -> None:
        self._callers = callers
        self._directory = directory
        self._policies = policies
        self._keys = keys
        self.guards: dict[str, Guard] = {}
        self.early_answers: dict[str, EarlyAnswer] = {}

    async def handle(self, request: web.Request, service: str, handler: Handler) -> web.StreamResponse:
        """Pass a request to its handler, or refuse it in the form of its service."""
        try:
            identity = await self._callers.identify(request)
        except UnknownCallerError:
            return refusals.unknown_caller(service)
        access = AccessRequest(request, await self._call(request, service), identity)
        try:
            refusal = await self.refusal(access, await self._needs(access.call))
        except UnmappedError as unmapped:
            return refusals.unmapped(service, str(unmapped))
        except UnreadableError:
            return await handler(request)
        if refusal is not None:
            early_answer = self.early_answers.get(service)
            return (await early_answer(access) if early_answer else None) or refusal
        guard = self.guards.get(service)
        return await (guard(access, handler) if guard else handler(request))

    async def refusal(self, access: AccessRequest, needs: Sequence[Need]) -> web.Response | None:
        """The refusal for the first missing permission; None if the caller has all."""
        for need in needs:
            decision = await self.decide(access.identity, need)
            if not decision.allowed:
                return refusals.denied(access.call.service, access.principal, need, decision)
        return None

    async def decide(self, identity: Identity, need: Need) -> Decision:
        """Evaluate a permission, including the resource's policy."""
        if identity.principal.kind == "root" and need.action in ALWAYS_ALLOWED_TO_ROOT:
            return Decision(True)
        return evaluate(identity, need, await self._policies.of(need), key_policy=needs_policy(need))

    async def _call(self, request: web.Request, service: str) -> Call:
        return Call(
            service=service,
            method=request.method,
            path=unquote(request.raw_path.split("?")[0]),
            raw_path=request.raw_path.split("?")[0],
            query=request.query,
            headers=request.headers,
            body=b"" if service == "s3" else await body_of(request),
        )

    async def _needs(self, call: Call) -> Sequence[Need]:
        if call.service == "s3":
            return [] if s3.is_batch_delete(call) else s3.needs(call)
        if call.service == "dynamodb":
            return [] if call.operation == "BatchExecuteStatement" else dynamodb.needs(call)
        if call.service == "lambda":
            return rest.lambda_needs(call)
        if call.service == "scheduler":
            return rest.scheduler_needs(call)
        if call.service == "iot":
            return rest.iot_needs(call)
        if call.service == "iotdata":
            return rest.iot_data_needs(call)
        if call.service == "logs":
            return targets.logs_needs(call)
        if call.service == "kms":
            return await targets.kms_needs(call, self._keys.arn)
        if call.service == "monitoring":
            return targets.monitoring_needs(call)
        if call.service == "sns":
            return query.sns_needs(call)
        if call.service == "sqs":
            return targets.sqs_needs(call)
        if call.service == "iam":
            return await query.iam_needs(call, self._directory.arn)
        return []  # STS says who one is


async def body_of(request: web.Request) -> bytes:
    """Read the body and keep it for forwarding."""
    if BODY not in request:
        request[BODY] = await request.read()
    body: bytes = request[BODY]
    return body
