"""The error action of a topic rule: a message whose function could not be invoked becomes an object in S3."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from l3kit.sandbox.aws.account import ACCOUNT_ID
from l3kit.sandbox.aws.iam.condition_keys import Context
from l3kit.sandbox.aws.iam.role_use import RoleUse
from l3kit.sandbox.aws.service_objects import ServiceObjects
from l3kit.sandbox.messages.message import Message

IOT_SERVICE = "iot.amazonaws.com"
OF_IOT: Context = {"aws:sourceaccount": (ACCOUNT_ID,)}
"""Condition context of IoT when it assumes a role."""
DATE, UNIQUE = '${parse_time("yyyy/MM/dd", timestamp())}', "${newuuid()}"
"""The substitution templates that the sandbox fills in."""
_FIELDS = frozenset(("roleArn", "bucketName", "key"))


@dataclass(frozen=True, slots=True)
class ErrorAction:
    """An S3 action with the role that IoT assumes for it."""

    role: str
    bucket: str
    key: str

    def to_json(self) -> dict[str, Any]:
        return {"s3": {"roleArn": self.role, "bucketName": self.bucket, "key": self.key}}


def read_error_action(declared: Any) -> ErrorAction | None:
    """Read the errorAction of a rule; None without one. Raises: ValueError naming an unsupported setting."""
    if not declared:
        return None
    content = declared.get("s3") if isinstance(declared, Mapping) and set(declared) == {"s3"} else None
    if not isinstance(content, Mapping) or set(content) != _FIELDS:
        raise ValueError("The l3kit sandbox offers an errorAction s3 with roleArn, bucketName and key")
    action = ErrorAction(content["roleArn"], content["bucketName"], content["key"])
    if "${" in action.key.replace(DATE, "").replace(UNIQUE, ""):
        raise ValueError(f"The l3kit sandbox fills in {DATE} and {UNIQUE} in a key only")
    return action


class RuleErrors:
    """Carries out error actions."""

    def __init__(self, roles: RoleUse, objects: ServiceObjects) -> None:
        self._roles = roles
        self._objects = objects

    async def problem_with(self, action: ErrorAction) -> str:
        """Return why IoT cannot assume the action's role; "" if it can."""
        if await self._roles.can_assume(action.role, IOT_SERVICE, OF_IOT):
            return ""
        return f"IoT is unable to assume the role {action.role}"

    async def store(self, action: ErrorAction, rule: str, function: str, message: Message, cause: str) -> str:
        """Store an undelivered message. Returns: why that was impossible, or ""."""
        key = action.key.replace(DATE, f"{message.received:%Y/%m/%d}").replace(UNIQUE, str(uuid.uuid4()))
        if problem := await self.problem_with(action):
            return problem
        resource = f"arn:aws:s3:::{action.bucket}/{key}"
        if problem := await self._roles.problem_with(action.role, "iot", "s3:PutObject", resource):
            return problem
        return await self._objects.put(action.bucket, key, error_message(rule, function, message, cause))


def error_message(rule: str, function: str, message: Message, cause: str) -> bytes:
    """Return the message of an error action ("Error handling (error action)", AWS IoT Core Developer Guide)."""
    failure = {"failedAction": "LambdaAction", "failedResource": function, "errorMessage": cause}
    record = {
        "ruleName": rule,
        "topic": message.topic,
        "cloudwatchTraceId": str(uuid.uuid4()),
        "clientId": message.client,
        "base64OriginalPayload": base64.b64encode(message.payload).decode(),
        "failures": [failure],
    }
    return json.dumps(record).encode()
