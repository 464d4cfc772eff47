"""The error action of a topic rule: a message that IoT Core could not deliver becomes an object in a bucket."""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import aiohttp

from l3kit.sandbox.messages.message import Message
from l3kit.sandbox.upstream import Upstream, authorization

OFFERED = 'PREFIX/${parse_time("yyyy/MM/dd", timestamp())}/${newuuid()}SUFFIX'
_KEY = re.compile(
    r'(?P<prefix>[^$]*)\$\{parse_time\("yyyy/MM/dd", timestamp\(\)\)\}/\$\{newuuid\(\)\}(?P<suffix>[^$]*)'
)

RoleProblem = Callable[[str, str, str], Awaitable[str]]
"""Why IoT Core may not do something with a role: role, action, resource; "" if it may."""


@dataclass(frozen=True, slots=True)
class ErrorAction:
    """An error action of the kind `s3`. `key`: with substitution templates, in the form of OFFERED."""

    role_arn: str
    bucket: str
    key: str

    def to_json(self) -> dict[str, Any]:
        return {"s3": {"roleArn": self.role_arn, "bucketName": self.bucket, "key": self.key}}

    def object_key(self, moment: datetime) -> str:
        found = _KEY.fullmatch(self.key)
        assert found is not None
        return f"{found['prefix']}{moment:%Y/%m/%d}/{uuid.uuid4()}{found['suffix']}"


def read_error_action(told: Any) -> ErrorAction | None:
    """Read a rule's `errorAction`; None if it has none. Raises: ValueError if the sandbox does not offer it."""
    if not told:
        return None
    s3 = told.get("s3") if isinstance(told, Mapping) and set(told) == {"s3"} else None
    names = ("roleArn", "bucketName", "key")
    if not isinstance(s3, Mapping) or set(s3) != set(names) or not _KEY.fullmatch(str(s3["key"])):
        raise ValueError(f"The l3kit sandbox offers an errorAction of kind s3 only, with the key {OFFERED}")
    return ErrorAction(*(str(s3[name]) for name in names))


def error_record(rule: str, function_arn: str, message: Message, problem: str) -> bytes:
    """Return what IoT Core tells of a failed action (AWS IoT developer guide, "Error handling (error action)")."""
    failure = {"failedAction": "LambdaAction", "failedResource": function_arn, "errorMessage": problem}
    content = {
        "ruleName": rule,
        "topic": message.topic,
        "cloudwatchTraceId": str(uuid.uuid4()),
        "clientId": message.client,
        "base64OriginalPayload": base64.b64encode(message.payload).decode(),
        "failures": [failure],
    }
    return json.dumps(content).encode()


class ErrorBuckets:
    """The buckets of error actions, in moto.

    Args:
        problem_with: see `RoleProblem`.
    """

    def __init__(self, moto: Upstream, problem_with: RoleProblem) -> None:
        self._moto = moto
        self._problem_with = problem_with

    async def store(self, action: ErrorAction, key: str, body: bytes) -> str:
        """Store a record with the action's role. Returns: why it was not stored, or ""."""
        resource = f"arn:aws:s3:::{action.bucket}/{key}"
        if problem := await self._problem_with(action.role_arn, "s3:PutObject", resource):
            return problem
        headers = {"Authorization": authorization("s3"), "Content-Type": "application/json"}
        try:
            answer = await self._moto.ask("PUT", f"/{action.bucket}/{quote(key)}", headers=headers, body=body)
        except (aiohttp.ClientError, OSError) as error:
            return f"S3 gave no answer ({type(error).__name__})"
        return "" if answer.status == 200 else f"bucket {action.bucket} answered {answer.status}"
