"""Lines of Lambda functions in CloudWatch Logs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from l3kit.clouds.aws.control.calls import code_of, explained, is_missing
from l3kit.clouds.aws.control.context import Context
from l3kit.clouds.ports.function_logs import LogLine
from l3kit.clouds.shared.log_text import log_line
from l3kit.errors import PermissionMissingError, ProvisioningError

PAGE_LINES = 10_000
"""Maximum events per page of CloudWatch Logs, which also ends a page at 1 MB."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_THROTTLED = frozenset({"LimitExceededException", "ThrottlingException", "Throttling"})
_REQUEST = re.compile(r"(?:(?:START|END|REPORT) )?RequestId: ([0-9a-f-]{36})\b")
_TIMED_OUT = re.compile(r"[0-9TZ:.-]+ ([0-9a-f-]{36}) Task timed out")
_OF_LOGGING = re.compile(r"\[([A-Z]+)\]\t[0-9TZ:.-]+\t([0-9a-f-]{36})\t(.*)", re.DOTALL)
"""Line that the runtime's own handler writes for a log record of Python."""


def read_log(context: Context, function: str, since: datetime | None) -> Iterator[LogLine]:
    """Yield the lines of a deployed function from a moment on, page by page, in the order of CloudWatch Logs.

    Raises: PermissionMissingError; ProvisioningError, also if there is no log group, or if the requests are throttled
        even after boto3's repetitions.
    """
    group = f"/aws/lambda/{function}"
    wanted: dict[str, Any] = {"logGroupName": group, "PaginationConfig": {"PageSize": PAGE_LINES}}
    if since is not None:
        wanted["startTime"] = max(0, (since - _EPOCH) // timedelta(milliseconds=1))
    pages = iter(context.client("logs").get_paginator("filter_log_events").paginate(**wanted))
    while True:
        with _log_errors(group, context.names.twin_name):
            page = next(pages, None)
        if page is None:
            return
        yield from map(line_of, page["events"])


def line_of(event: Mapping[str, Any]) -> LogLine:
    """Read an event of CloudWatch Logs."""
    moment = _EPOCH + timedelta(milliseconds=int(event["timestamp"]))
    line = log_line(str(event["eventId"]), moment, str(event["message"]))
    if found := _OF_LOGGING.fullmatch(line.text):
        return replace(line, level=found[1], request_id=found[2], text=found[3])
    if found := _TIMED_OUT.match(line.text):
        return replace(line, level="ERROR", request_id=found[1])
    if found := _REQUEST.match(line.text):
        failed = line.text.startswith("RequestId:")  # as in `RequestId: ... Error: Runtime exited`
        return replace(line, level="ERROR" if failed else "", request_id=found[1])
    return line


@contextmanager
def _log_errors(group: str, twin: str) -> Iterator[None]:
    resource = f"log group {group}"
    try:
        with explained(resource):
            try:
                yield
            except ClientError as error:
                if is_missing(error):
                    raise ProvisioningError(resource, "does not exist", "Apply the twin, which makes it") from None
                if code_of(error) in _THROTTLED:
                    cause = f"CloudWatch Logs refuses further requests for now ({code_of(error)})"
                    raise ProvisioningError(resource, cause, "Ask again in a minute, or from a later time on") from None
                raise
    except PermissionMissingError as error:
        needed = f"`l3kit permissions aws --verbs logs --twin {twin} --json` prints a policy with logs:FilterLogEvents"
        raise PermissionMissingError(error.resource, error.cause, needed) from None
