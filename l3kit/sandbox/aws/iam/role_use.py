"""Roles assumed by services: check the trust policy and the role's permissions."""

from __future__ import annotations

import json
import re

from aiohttp import web

from l3kit.sandbox.answers import rest_error
from l3kit.sandbox.aws.account import ACCOUNT_ID
from l3kit.sandbox.aws.iam.callers import Callers, UnknownCallerError
from l3kit.sandbox.aws.iam.calls.request import UnreadableError
from l3kit.sandbox.aws.iam.condition_keys import OF_EVERY_REQUEST, Context
from l3kit.sandbox.aws.iam.directory import Directory
from l3kit.sandbox.aws.iam.enforcement import AccessRequest, Enforcement, Handler
from l3kit.sandbox.aws.iam.evaluation import Identity, Need, evaluate
from l3kit.sandbox.aws.iam.principals import service
from l3kit.sandbox.aws.iam.refusals import message

_FUNCTION = re.compile(r"/2015-03-31/functions/[^/]+")
LAMBDA, SCHEDULER = "lambda.amazonaws.com", "scheduler.amazonaws.com"
OF_SCHEDULER: Context = {"aws:sourceaccount": (ACCOUNT_ID,)}
"""Condition context of Scheduler when it assumes a role."""
OF_WRITE: Context = {"s3:objectcreationoperation": ("true",)}
"""Condition context of S3 for a whole object written by a service without a precondition."""
NOT_BY_LAMBDA = "The role defined for the function cannot be assumed by Lambda."
NOT_BY_SCHEDULER = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."


class RoleUse:
    """Use of roles by Lambda and EventBridge Scheduler."""

    def __init__(self, enforcement: Enforcement, callers: Callers, directory: Directory) -> None:
        self._enforcement = enforcement
        self._callers = callers
        self._directory = directory

    async def guard_lambda(self, access: AccessRequest, handler: Handler) -> web.StreamResponse:
        """Check that Lambda can assume the role in CreateFunction and UpdateFunctionConfiguration."""
        path = access.call.raw_path.rstrip("/")
        if access.call.method in ("POST", "PUT") and path.endswith(("functions", "configuration")):
            role = _text(access, "Role")
            if role and not await self.can_assume(role, LAMBDA):
                return rest_error(400, "InvalidParameterValueException", NOT_BY_LAMBDA)
        answer = await handler(access.request)
        return await self._without_tags(access, answer) if _FUNCTION.fullmatch(path) else answer

    async def _without_tags(self, access: AccessRequest, answer: web.StreamResponse) -> web.StreamResponse:
        """Remove the tags from GetFunction's answer unless the caller may list them (Lambda API reference)."""
        if access.call.method != "GET" or not isinstance(answer, web.Response) or answer.status != 200:
            return answer
        content = json.loads(answer.text or "{}")
        arn = str(content.get("Configuration", {}).get("FunctionArn", ""))
        if (
            "Tags" in content
            and not (await self._enforcement.decide(access.identity, access.call.need("lambda:ListTags", arn))).allowed
        ):
            del content["Tags"]
            return web.json_response(content)
        return answer

    async def guard_scheduler(self, access: AccessRequest, handler: Handler) -> web.StreamResponse:
        """Check that Scheduler can assume the role in CreateSchedule and UpdateSchedule."""
        if access.call.method in ("POST", "PUT") and access.call.path.startswith("/schedules/"):
            role = str((access.call.content.get("Target") or {}).get("RoleArn") or "")
            if role and not await self.can_assume(role, SCHEDULER, OF_SCHEDULER):
                return rest_error(400, "ValidationException", NOT_BY_SCHEDULER)
        return await handler(access.request)

    async def can_assume(self, role_arn: str, by: str, context: Context | None = None) -> bool:
        """Return whether a role exists and its trust policy allows the service to assume it in this context."""
        role = await self._directory.role(role_arn.rsplit("/", 1)[-1])
        if role is None or role.arn != role_arn:
            return False
        principal = service(by)
        need = Need("sts:AssumeRole", role_arn, {**OF_EVERY_REQUEST, **(context or {})})
        return evaluate(Identity(principal), need, role.trust, key_policy=True).allowed

    async def problem_with_firing(self, role_arn: str, function_arn: str) -> str:
        """Message if Scheduler cannot invoke a schedule's target with its role; "" if it can."""
        if not await self.can_assume(role_arn, SCHEDULER, OF_SCHEDULER):
            return f"{NOT_BY_SCHEDULER} It is {role_arn}"
        return await self.problem_with(role_arn, "scheduler", "lambda:InvokeFunction", function_arn)

    async def problem_with(self, role_arn: str, session: str, action: str, resource: str) -> str:
        """Message if a role lacks a permission; "" if it has it."""
        try:
            identity = await self._callers.role_session(role_arn, session)
        except UnknownCallerError:
            return f"the role {role_arn} does not exist"
        of_write = OF_WRITE if action == "s3:PutObject" else {}
        need = Need(action, resource, {**OF_EVERY_REQUEST, **of_write})
        decision = await self._enforcement.decide(identity, need)
        return "" if decision.allowed else message(identity.principal, need, decision)


def _text(access: AccessRequest, name: str) -> str:
    try:
        return str(access.call.content.get(name) or "")
    except UnreadableError:
        return ""
