"""In front of the emulators: who asks, what for, and whether that is allowed."""

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
from l3kit.sandbox.aws.iam.evaluation import Decision, Identity, Need, judge
from l3kit.sandbox.aws.iam.keys import Keys
from l3kit.sandbox.aws.iam.principals import Principal
from l3kit.sandbox.aws.iam.resource_policies import ResourcePolicies, needs_policy
from l3kit.sandbox.upstream import BODY

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ROOT_MAY_ALWAYS = frozenset(("s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"))
"""For the account's root, whatever the bucket's policy denies (S3 User Guide): nobody is shut out for good."""


@dataclass(frozen=True)
class Case:
    """One request before the court."""

    request: web.Request
    call: Call
    identity: Identity

    @property
    def principal(self) -> Principal:
        return self.identity.principal


Excuse = Callable[[Case], Awaitable[web.Response | None]]
"""What is answered instead of a refusal, where something is."""
Guard = Callable[[Case, Handler], Awaitable[web.StreamResponse]]
"""What a service needs beside its list of permissions; it passes the request on itself."""


class Enforcement:
    """Judges every request of AWS's services.

    Attributes:
        guards: by service, what goes on around a request.
        excuses: by service, what it tells before it speaks of permissions.
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
        self.excuses: dict[str, Excuse] = {}

    async def handle(self, request: web.Request, service: str, handler: Handler) -> web.StreamResponse:
        """Pass a request on to its handler, or refuse it as its service would."""
        try:
            identity = await self._callers.identify(request)
        except UnknownCallerError:
            return refusals.unknown_caller(service)
        case = Case(request, await self._call(request, service), identity)
        try:
            refusal = await self.refusal(case, await self._needs(case.call))
        except UnmappedError as unmapped:
            return refusals.unmapped(service, str(unmapped))
        except UnreadableError:
            return await handler(request)
        if refusal is not None:
            excuse = self.excuses.get(service)
            return (await excuse(case) if excuse else None) or refusal
        guard = self.guards.get(service)
        return await (guard(case, handler) if guard else handler(request))

    async def refusal(self, case: Case, needs: Sequence[Need]) -> web.Response | None:
        """The answer to a request that lacks one of these permissions; None where it has all."""
        for need in needs:
            decision = await self.decide(case.identity, need)
            if not decision.allowed:
                return refusals.denied(case.call.service, case.principal, need, decision)
        return None

    async def decide(self, identity: Identity, need: Need) -> Decision:
        """Whether somebody may do something, the resource's own policy heard."""
        if identity.principal.kind == "root" and need.action in ROOT_MAY_ALWAYS:
            return Decision(True)
        return judge(identity, need, await self._policies.of(need), key_policy=needs_policy(need))

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
        if call.service == "logs":
            return targets.logs_needs(call)
        if call.service == "kms":
            return await targets.kms_needs(call, self._keys.arn)
        if call.service == "iam":
            return await query.iam_needs(call, self._directory.arn)
        return []  # STS says who one is


async def body_of(request: web.Request) -> bytes:
    """The body, kept for whoever passes the request on."""
    if BODY not in request:
        request[BODY] = await request.read()
    body: bytes = request[BODY]
    return body
