"""Services that take a role: whether its trust policy lets them, and what they then may do with it."""

from __future__ import annotations

import json
import re

from aiohttp import web

from l3kit.sandbox.aws.answers import rest_error
from l3kit.sandbox.aws.iam.callers import Callers, UnknownCallerError
from l3kit.sandbox.aws.iam.calls.request import UnreadableError
from l3kit.sandbox.aws.iam.condition_keys import OF_EVERY_REQUEST, Context
from l3kit.sandbox.aws.iam.directory import Directory
from l3kit.sandbox.aws.iam.enforcement import Case, Enforcement, Handler
from l3kit.sandbox.aws.iam.evaluation import Identity, Need, judge
from l3kit.sandbox.aws.iam.principals import service
from l3kit.sandbox.aws.iam.refusals import message
from l3kit.sandbox.state import ACCOUNT_ID

_FUNCTION = re.compile(r"/2015-03-31/functions/[^/]+")
LAMBDA, SCHEDULER = "lambda.amazonaws.com", "scheduler.amazonaws.com"
OF_SCHEDULER: Context = {"aws:sourceaccount": (ACCOUNT_ID,)}
"""What Scheduler says when it takes a role."""
NOT_BY_LAMBDA = "The role defined for the function cannot be assumed by Lambda."
NOT_BY_SCHEDULER = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."


class RoleUse:
    """Roles in the hands of Lambda and EventBridge Scheduler."""

    def __init__(self, enforcement: Enforcement, callers: Callers, directory: Directory) -> None:
        self._enforcement = enforcement
        self._callers = callers
        self._directory = directory

    async def guard_lambda(self, case: Case, handler: Handler) -> web.StreamResponse:
        """CreateFunction and UpdateFunctionConfiguration: Lambda must be able to take the role."""
        path = case.call.raw_path.rstrip("/")
        if case.call.method in ("POST", "PUT") and path.endswith(("functions", "configuration")):
            role = _text(case, "Role")
            if role and not await self.can_take(role, LAMBDA):
                return rest_error(400, "InvalidParameterValueException", NOT_BY_LAMBDA)
        answer = await handler(case.request)
        return await self._without_tags(case, answer) if _FUNCTION.fullmatch(path) else answer

    async def _without_tags(self, case: Case, answer: web.StreamResponse) -> web.StreamResponse:
        """GetFunction tells the tags only to who may list them (Lambda API reference, GetFunction)."""
        if case.call.method != "GET" or not isinstance(answer, web.Response) or answer.status != 200:
            return answer
        content = json.loads(answer.text or "{}")
        arn = str(content.get("Configuration", {}).get("FunctionArn", ""))
        if (
            "Tags" in content
            and not (await self._enforcement.decide(case.identity, case.call.need("lambda:ListTags", arn))).allowed
        ):
            del content["Tags"]
            return web.json_response(content)
        return answer

    async def guard_scheduler(self, case: Case, handler: Handler) -> web.StreamResponse:
        """CreateSchedule and UpdateSchedule: Scheduler must be able to take the role."""
        if case.call.method in ("POST", "PUT") and case.call.path.startswith("/schedules/"):
            role = str((case.call.content.get("Target") or {}).get("RoleArn") or "")
            if role and not await self.can_take(role, SCHEDULER, OF_SCHEDULER):
                return rest_error(400, "ValidationException", NOT_BY_SCHEDULER)
        return await handler(case.request)

    async def can_take(self, role_arn: str, by: str, context: Context | None = None) -> bool:
        """Whether a role is there and its trust policy names a service under these conditions."""
        role = await self._directory.role(role_arn.rsplit("/", 1)[-1])
        if role is None or role.arn != role_arn:
            return False
        principal = service(by)
        need = Need("sts:AssumeRole", role_arn, {**OF_EVERY_REQUEST, **(context or {})})
        return judge(Identity(principal), need, role.trust, key_policy=True).allowed

    async def problem_with_firing(self, role_arn: str, function_arn: str) -> str:
        """Why Scheduler could not invoke a schedule's target with its role, in words; "" where it can."""
        if not await self.can_take(role_arn, SCHEDULER, OF_SCHEDULER):
            return f"{NOT_BY_SCHEDULER} It is {role_arn}"
        return await self.problem_with(role_arn, "scheduler", "lambda:InvokeFunction", function_arn)

    async def problem_with(self, role_arn: str, session: str, action: str, resource: str) -> str:
        """Why a service could not do this with a role, in words; "" where it can."""
        try:
            identity = await self._callers.role_session(role_arn, session)
        except UnknownCallerError:
            return f"the role {role_arn} does not exist"
        need = Need(action, resource, OF_EVERY_REQUEST)
        decision = await self._enforcement.decide(identity, need)
        return "" if decision.allowed else message(identity.principal, need, decision)


def _text(case: Case, name: str) -> str:
    try:
        return str(case.call.content.get(name) or "")
    except UnreadableError:
        return ""
