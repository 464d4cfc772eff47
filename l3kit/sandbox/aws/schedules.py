"""EventBridge Scheduler: moto stores the schedules; this module validates them and triggers them on request."""

from __future__ import annotations

import json
import uuid
from typing import Any
from urllib.parse import quote

from aiohttp import web

from l3kit.sandbox.answers import json_answer, rest_error
from l3kit.sandbox.aws.account import ACCOUNT_ID
from l3kit.sandbox.aws.function_pool import ThrottledError
from l3kit.sandbox.aws.function_record import function_name
from l3kit.sandbox.aws.iam.role_use import RoleUse
from l3kit.sandbox.aws.lambda_api import LambdaApi
from l3kit.sandbox.aws.upstream import AwsUpstream, authorization
from l3kit.sandbox.scheduled_time import scheduled_time
from l3kit.twin.schedule_expressions import problem_with, problem_with_timezone


class Schedules:
    """Validate schedules before moto stores them, and invoke a schedule's target on request."""

    def __init__(self, moto: AwsUpstream, functions: LambdaApi, roles: RoleUse) -> None:
        self._moto = moto
        self._functions = functions
        self._roles = roles

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request signed for Scheduler."""
        if request.method not in ("POST", "PUT") or not request.path.startswith("/schedules/"):
            return await self._moto.forward(request)
        raw = await request.read()
        try:
            body = json.loads(raw)
        except ValueError:
            return rest_error(400, "ValidationException", "The request's body is not JSON")
        expression = body.get("ScheduleExpression")
        problem = problem_with(expression) or problem_with_timezone(body.get("ScheduleExpressionTimezone"))
        if problem:
            message = f"Invalid Schedule Expression {expression}. The l3kit sandbox adds: {problem}."
            return rest_error(400, "ValidationException", message)
        if not (body.get("Target") or {}).get("RoleArn"):
            return rest_error(400, "ValidationException", "Target.RoleArn is missing")
        return (await self._moto.repeat(request, raw)).to_response()

    async def list(self, request: web.Request) -> web.Response:
        """GET /_sandbox/schedules: the names and groups of all."""
        found: list[dict[str, str]] = []
        token = ""
        while True:
            path = "/schedules?MaxResults=100" + (f"&NextToken={quote(token, safe='')}" if token else "")
            answer = await self._moto.ask("GET", path, headers={"Authorization": authorization("scheduler")})
            if answer.status != 200:
                return json_answer({"error": f"moto answered {answer.status}"}, 502)
            page = answer.json()
            found += [{"name": one["Name"], "group": one["GroupName"]} for one in page["Schedules"]]
            token = page.get("NextToken") or ""
            if not token:
                return json_answer({"schedules": sorted(found, key=lambda one: one["name"])})

    async def fire(self, request: web.Request) -> web.Response:
        """POST /_sandbox/schedules/GROUP/NAME/fire with {"time": ISO-8601 or null}."""
        group, name = request.match_info["group"], request.match_info["name"]
        options = await request.json()
        path = f"/schedules/{quote(name, safe='')}?groupName={quote(group, safe='')}"
        answer = await self._moto.ask("GET", path, headers={"Authorization": authorization("scheduler")})
        if answer.status != 200:
            return json_answer({"error": f"there is no schedule {name} in group {group}"}, 404)
        schedule = answer.json()
        if schedule.get("State") == "DISABLED":
            return json_answer({"error": f"schedule {name} is disabled"}, 409)
        target = schedule["Target"]
        if ":lambda:" not in target["Arn"]:
            return json_answer({"error": f"the target {target['Arn']} is not a Lambda function"}, 409)
        if not target.get("Input"):
            return json_answer({"error": f"the l3kit sandbox fires schedules with an Input only; {name} has none"}, 409)
        event = build_event(schedule, scheduled_time(options.get("time")))
        function = function_name(target["Arn"])
        problem = await self._roles.problem_with_firing(target["RoleArn"], target["Arn"])
        if problem:
            return await self._missed(target, event, problem, 403)
        try:
            outcome = await self._functions.invoke(function, event.encode())
        except KeyError:
            problem = f"the schedule's target, function {function}, does not exist"
            return await self._missed(target, event, problem, 409)
        except ThrottledError:
            problem = f"function {function} has no free reserved concurrency"
            return await self._missed(target, event, problem, 429)
        return json_answer(
            {
                "schedule": name,
                "group": group,
                "function": function,
                "event": event,
                "payload": outcome.payload.decode("utf-8", "replace"),
                "function_error": outcome.error,
                "request_id": outcome.request_id,
                "log_tail": outcome.log_tail.decode("utf-8", "replace"),
            }
        )

    async def _missed(self, target: dict[str, Any], event: str, problem: str, status: int) -> web.Response:
        """Put a start that did not happen into the schedule's queue; AWS would first retry for a day."""
        queue = str((target.get("DeadLetterConfig") or {}).get("Arn") or "")
        if not queue:
            return json_answer({"error": problem}, status)
        refused = await self._roles.problem_with(target["RoleArn"], "scheduler", "sqs:SendMessage", queue)
        if refused:
            return json_answer({"error": f"{problem}; its queue got nothing: {refused}"}, status)
        content = {"QueueUrl": f"http://queue/{ACCOUNT_ID}/{queue.rpartition(':')[2]}", "MessageBody": event}
        answer = await self._moto.call_json("sqs", "AmazonSQS.SendMessage", content)
        outcome = (
            "it is in the queue of missed starts" if answer.status == 200 else f"its queue answered {answer.status}"
        )
        return json_answer({"error": f"{problem}; {outcome}"}, status)


def build_event(schedule: dict[str, Any], time: str) -> str:
    """The target's Input with Scheduler's placeholders filled in."""
    text = str(schedule["Target"]["Input"])
    for name, value in (
        ("schedule-arn", schedule["Arn"]),
        ("scheduled-time", time),
        ("execution-id", str(uuid.uuid4())),
        ("attempt-number", "1"),
    ):
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text
