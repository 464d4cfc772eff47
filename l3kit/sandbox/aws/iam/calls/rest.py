"""Permissions of Lambda, EventBridge Scheduler and IoT; operations are matched by botocore's service models."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote

from botocore.loaders import Loader

from l3kit.sandbox.aws.account import ACCOUNT_ID, REGION
from l3kit.sandbox.aws.function_record import function_name
from l3kit.sandbox.aws.iam.calls.request import Call, UnmappedError
from l3kit.sandbox.aws.iam.evaluation import Need

OTHER_NAMES = {"Invoke": "InvokeFunction", "InvokeAsync": "InvokeFunction"}
"""Operations whose action has a different name (Service Authorization Reference)."""
LAMBDA_LISTS = frozenset(("ListFunctions", "ListLayers", "ListEventSourceMappings", "GetAccountSettings"))
SCHEDULER_LISTS = {"ListSchedules": "schedule/*/*", "ListScheduleGroups": "schedule-group/*"}


@dataclass(frozen=True, slots=True)
class Route:
    """Method and path of an operation."""

    operation: str
    method: str
    path: re.Pattern[str]


@cache
def routes(service: str) -> tuple[Route, ...]:
    """The operations of a service."""
    model = Loader().load_service_model(service, "service-2")
    found = []
    for name, operation in model["operations"].items():
        path = operation["http"]["requestUri"].rstrip("/")
        if "?" in path:
            continue  # differs from another operation only in its query; unsupported
        parts = re.split(r"(\{\w+\+?\})", path)
        text = "".join(
            f"(?P<{part.strip('{}+')}>{'.+' if '+' in part else '[^/]+'})" if part.startswith("{") else re.escape(part)
            for part in parts
        )
        found.append(Route(name, operation["http"]["method"], re.compile(text + "/?")))
    return tuple(found)


def lambda_needs(call: Call) -> list[Need]:
    """Permissions of a Lambda request. Raises: UnmappedError, UnreadableError."""
    operation, parts = _find(call)
    action = f"lambda:{OTHER_NAMES.get(operation, operation)}"
    if operation in LAMBDA_LISTS:
        return [call.need(action)]
    if operation == "CreateFunction":
        return _function_made(call, action)
    if "FunctionName" in parts:
        found = [call.need(action, _function_arn(parts["FunctionName"], call))]
        role = call.content.get("Role") if operation == "UpdateFunctionConfiguration" else None
        return found + ([pass_role(call, str(role), "lambda.amazonaws.com")] if role else [])
    if "Resource" in parts:  # tags
        return [call.need(action, unquote(parts["Resource"]))]
    raise UnmappedError(action)


def scheduler_needs(call: Call) -> list[Need]:
    """Permissions of an EventBridge Scheduler request. Raises: UnmappedError, UnreadableError."""
    operation, parts = _find(call)
    action = f"scheduler:{operation}"
    if operation in SCHEDULER_LISTS:
        return [call.need(action, _scheduler_arn(SCHEDULER_LISTS[operation]))]
    if "ResourceArn" in parts:
        return [call.need(action, unquote(parts["ResourceArn"]))]
    name = unquote(parts.get("Name", ""))
    if operation.endswith("ScheduleGroup"):
        arn = _scheduler_arn(f"schedule-group/{name}")
        tags = operation == "CreateScheduleGroup" and call.content.get("Tags")
        return [call.need(action, arn), *([call.need("scheduler:TagResource", arn)] if tags else [])]
    if operation.endswith("Schedule"):
        writes = operation in ("CreateSchedule", "UpdateSchedule")
        group = call.content.get("GroupName") if writes else call.query.get("groupName")
        found = [call.need(action, _scheduler_arn(f"schedule/{group or 'default'}/{name}"))]
        role = (call.content.get("Target") or {}).get("RoleArn") if writes else None
        return found + ([pass_role(call, str(role), "scheduler.amazonaws.com")] if role else [])
    raise UnmappedError(action)


def iot_needs(call: Call) -> list[Need]:
    """Permissions of a request for topic rules. Raises: UnmappedError, UnreadableError."""
    operation, parts = _find(call)
    action = f"iot:{operation}"
    if operation == "ListTopicRules":
        return [call.need(action)]
    if operation in ("ListTagsForResource", "TagResource", "UntagResource"):
        given = call.query if call.method == "GET" else call.content
        return [call.need(action, str(given.get("resourceArn") or "*"))]
    if "ruleName" not in parts:
        raise UnmappedError(action)
    arn = f"arn:aws:iot:{REGION}:{ACCOUNT_ID}:rule/{unquote(parts['ruleName'])}"
    found = [call.need(action, arn)]
    if operation == "CreateTopicRule" and call.headers.get("x-amz-tagging"):
        found.append(call.need("iot:TagResource", arn))
    if operation in ("CreateTopicRule", "ReplaceTopicRule"):
        error = (call.content.get("errorAction") or {}).get("s3") or {}
        found += [pass_role(call, str(error["roleArn"]), "iot.amazonaws.com")] if error.get("roleArn") else []
    return found


def iot_data_needs(call: Call) -> list[Need]:
    """Permissions of a request of IoT's data plane. Raises: UnmappedError."""
    if call.method != "POST" or not call.path.startswith("/topics/"):
        raise UnmappedError(f"iotdata: {call.method} {call.path}")
    topic = call.path.removeprefix("/topics/")
    return [call.need("iot:Publish", f"arn:aws:iot:{REGION}:{ACCOUNT_ID}:topic/{topic}")]


def pass_role(call: Call, role: str, service: str) -> Need:
    """Permission to pass a role to a service."""
    return call.need("iam:PassRole", role, iam__PassedToService=service)


def _find(call: Call) -> tuple[str, dict[str, str]]:
    for route in routes(call.service):
        found = route.path.fullmatch(call.raw_path) if route.method == call.method else None
        if found:
            return route.operation, found.groupdict()
    raise UnmappedError(f"{call.service}: {call.method} {call.path}")


def _function_made(call: Call, action: str) -> list[Need]:
    content = call.content
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{function_name(str(content.get('FunctionName', '')))}"
    found = [call.need(action, arn)]
    if content.get("Tags"):
        found.append(call.need("lambda:TagResource", arn))
    if content.get("Role"):
        found.append(pass_role(call, str(content["Role"]), "lambda.amazonaws.com"))
    return found


def _function_arn(segment: str, call: Call) -> str:
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{function_name(segment)}"
    qualifier = call.query.get("Qualifier")
    return f"{arn}:{qualifier}" if qualifier and qualifier != "$LATEST" else arn


def _scheduler_arn(resource: str) -> str:
    return f"arn:aws:scheduler:{REGION}:{ACCOUNT_ID}:{resource}"
