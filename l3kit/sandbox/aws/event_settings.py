"""A function's settings of asynchronous invocations, and the bucket that gets the records of events given up."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from aiohttp import web

from l3kit.sandbox.answers import json_answer, rest_error
from l3kit.sandbox.aws.function_record import EventSettings, FunctionConfig, FunctionRecord, InvalidFunctionError
from l3kit.sandbox.aws.service_objects import ServiceObjects

BUCKET_ARN = re.compile(r"arn:aws:s3:::(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])")
_FIELDS = frozenset(("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig"))

MayUse = Callable[[FunctionConfig, str, str], Awaitable[bool]]
"""Permission check of a function's role, by function, action and resource."""


class FailureBuckets:
    """The on-failure destinations of functions: buckets that their roles must be allowed to write."""

    def __init__(self, objects: ServiceObjects, may_use: MayUse) -> None:
        self._objects = objects
        self._may_use = may_use

    async def store(self, record: FunctionRecord, key: str, body: bytes) -> str:
        """Store a record in the function's bucket. Returns: why it was not stored, or ""."""
        arn = record.events.on_failure
        if not await self._may_use(record.config, "s3:PutObject", f"{arn}/{key}"):
            return f"its role is not allowed to s3:PutObject {arn}/{key}"
        return await self._objects.put(arn.rpartition(":")[2], key, body)

    async def check(self, record: FunctionRecord, arn: str) -> None:
        """Check that the function's role may use a bucket. Raises: InvalidFunctionError."""
        for action, resource in (("s3:PutObject", f"{arn}/*"), ("s3:ListBucket", arn)):
            if not await self._may_use(record.config, action, resource):
                raise InvalidFunctionError(
                    f"The function's execution role does not have permissions to call {action} on {resource}"
                )


async def handle(request: web.Request, record: FunctionRecord, buckets: FailureBuckets) -> web.StreamResponse:
    """Put, Update, Get or DeleteFunctionEventInvokeConfig. Raises: InvalidFunctionError; ValueError."""
    if request.query.get("Qualifier", "$LATEST") != "$LATEST":
        return rest_error(
            404, "ResourceNotFoundException", "The l3kit sandbox runs $LATEST only, no versions or aliases"
        )
    if request.method in ("PUT", "POST"):
        if request.method == "POST" and not record.events.modified:
            return _missing(record)
        before = record.events if request.method == "POST" else EventSettings()
        wanted = read_settings(json.loads(await request.read()), before)
        if wanted.on_failure:
            await buckets.check(record, wanted.on_failure)
        record.events = replace(wanted, modified=time.time())
        return json_answer(_describe(record))
    if not record.events.modified:
        return _missing(record)
    if request.method == "DELETE":
        record.events = EventSettings()
        return web.Response(status=204)
    return json_answer(_describe(record))


def read_settings(body: Any, before: EventSettings) -> EventSettings:
    """Merge a request's settings into the existing ones. Raises: InvalidFunctionError naming an unsupported setting."""
    if not isinstance(body, Mapping) or (unknown := sorted(set(body) - _FIELDS)):
        named = ", ".join(unknown) if isinstance(body, Mapping) else "a body that is not an object"
        raise InvalidFunctionError(f"The l3kit sandbox offers no {named} of an EventInvokeConfig")
    retries = _number(body, "MaximumRetryAttempts", 0, 2, before.retries)
    max_age = _number(body, "MaximumEventAgeInSeconds", 60, 21_600, before.max_age)
    destinations = body.get("DestinationConfig")
    if destinations is None:
        return EventSettings(retries, max_age, before.on_failure)
    if (destinations.get("OnSuccess") or {}).get("Destination"):
        raise InvalidFunctionError("The l3kit sandbox offers no OnSuccess destination")
    arn = str((destinations.get("OnFailure") or {}).get("Destination") or "")
    if arn and not BUCKET_ARN.fullmatch(arn):
        raise InvalidFunctionError(f"The l3kit sandbox offers S3 buckets as OnFailure destination only, not {arn}")
    return EventSettings(retries, max_age, arn)


def _number(body: Mapping[str, Any], name: str, least: int, most: int, default: int) -> int:
    value = body.get(name)
    if value is None:
        return default
    if type(value) is not int or not least <= value <= most:
        raise InvalidFunctionError(f"Value {value!r} at '{name}' failed to satisfy constraint: {least} to {most}")
    return value


def _describe(record: FunctionRecord) -> dict[str, Any]:
    settings = record.events
    return {
        "FunctionArn": f"{record.config.arn}:$LATEST",
        "LastModified": settings.modified,
        "MaximumRetryAttempts": settings.retries,
        "MaximumEventAgeInSeconds": settings.max_age,
        "DestinationConfig": {
            "OnSuccess": {},
            "OnFailure": {"Destination": settings.on_failure} if settings.on_failure else {},
        },
    }


def _missing(record: FunctionRecord) -> web.Response:
    message = f"The function {record.config.arn}:$LATEST doesn't have an EventInvokeConfig"
    return rest_error(404, "ResourceNotFoundException", message)
