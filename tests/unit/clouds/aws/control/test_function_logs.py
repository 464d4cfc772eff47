"""Lambda's lines in CloudWatch Logs: paged, told by level and request, and every refusal in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from l3kit.clouds.aws.control.context import Context
from l3kit.clouds.aws.control.function_logs import PAGE_LINES, read_log
from l3kit.clouds.aws.names import AwsNames
from l3kit.clouds.aws.session import AwsSession
from l3kit.errors import PermissionMissingError, ProvisioningError

GROUP = "/aws/lambda/twin-cold-writer"
ID = "8f507cfc-xmpl-4697-b07a-ac58fc914c95".replace("xmpl", "0000")
MOMENT = datetime(2026, 3, 1, 10, tzinfo=UTC)
STAMP = int(MOMENT.timestamp() * 1000)
BOTO = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1")
Logs = tuple[Context, Stubber]


@pytest.fixture
def logs() -> Iterator[Logs]:
    session = AwsSession("us-east-1", "123456789012", None, BOTO)
    context = Context(session, AwsNames("twin", session.account_id, session.region))
    with Stubber(context.client("logs")) as stub:
        yield context, stub
        stub.assert_no_pending_responses()


def events(*texts: str) -> list[dict[str, Any]]:
    return [
        {"logStreamName": "s", "timestamp": STAMP + n, "message": text, "ingestionTime": STAMP, "eventId": str(n)}
        for n, text in enumerate(texts)
    ]


def asked(**more: Any) -> dict[str, Any]:
    return {"logGroupName": GROUP, "limit": PAGE_LINES, **more}


def test_pages_are_read_to_the_end_also_behind_an_empty_one(logs: Logs) -> None:
    context, stub = logs
    stub.add_response("filter_log_events", {"events": events("a"), "nextToken": "1"}, asked(startTime=STAMP))
    stub.add_response("filter_log_events", {"events": [], "nextToken": "2"}, asked(startTime=STAMP, nextToken="1"))
    stub.add_response("filter_log_events", {"events": events("b")}, asked(startTime=STAMP, nextToken="2"))
    assert [line.text for line in read_log(context, "twin-cold-writer", MOMENT)] == ["a", "b"]


def test_without_a_moment_everything_is_asked_for(logs: Logs) -> None:
    context, stub = logs
    stub.add_response("filter_log_events", {"events": []}, asked())
    assert list(read_log(context, "twin-cold-writer", None)) == []


@pytest.mark.parametrize(
    ("printed", "level", "request_id", "text"),
    [
        (f"START RequestId: {ID} Version: $LATEST\n", "", ID, f"START RequestId: {ID} Version: $LATEST"),
        (f"REPORT RequestId: {ID}\tDuration: 1.00 ms\t\n", "", ID, f"REPORT RequestId: {ID}\tDuration: 1.00 ms"),
        (f"RequestId: {ID} Error: Runtime exited with error: signal: killed", "ERROR", ID, None),
        (f"2026-03-01T10:00:00.123Z {ID} Task timed out after 3.00 seconds", "ERROR", ID, None),
        (f"[WARNING]\t2026-03-01T10:00:00.123Z\t{ID}\tslow:\nvery\n", "WARNING", ID, "slow:\nvery"),
        ("[ERROR] Runtime.ImportModuleError: no module\nTraceback (most recent call last):", "ERROR", "", None),
        ("INIT_START Runtime Version: python:3.13.v1\n", "", "", "INIT_START Runtime Version: python:3.13.v1"),
        (f'{{"level":"INFO","request_id":"{ID}","message":"moved","error":"x"}}', "INFO", ID, "moved\nx"),
    ],
)
def test_lines_tell_their_level_and_request(
    printed: str, level: str, request_id: str, text: str | None, logs: Logs
) -> None:
    context, stub = logs
    stub.add_response("filter_log_events", {"events": events(printed)}, asked())
    (line,) = read_log(context, "twin-cold-writer", None)
    assert (line.level, line.request_id, line.text, line.moment) == (
        level,
        request_id,
        text or printed.rstrip(),
        MOMENT,
    )


@pytest.mark.parametrize(
    ("code", "message", "kind", "told"),
    [
        ("ResourceNotFoundException", "gone", ProvisioningError, f"log group {GROUP}: does not exist. Apply the twin"),
        (
            "AccessDeniedException",
            "not authorized to perform: logs:FilterLogEvents",
            PermissionMissingError,
            "not authorized to perform: logs:FilterLogEvents. `l3kit permissions aws --verbs logs --twin twin --json`",
        ),
        ("ThrottlingException", "Rate exceeded", ProvisioningError, "Ask again in a minute, or from a later time on"),
        ("ExpiredTokenException", "x", PermissionMissingError, "refused the credentials"),
    ],
)
def test_a_refusal_tells_the_remedy_and_keeps_the_lines_before_it(
    code: str, message: str, kind: type[Exception], told: str, logs: Logs
) -> None:
    context, stub = logs
    stub.add_response("filter_log_events", {"events": events("a"), "nextToken": "1"}, asked())
    stub.add_client_error("filter_log_events", code, message)
    lines = read_log(context, "twin-cold-writer", None)
    assert next(lines).text == "a"
    with pytest.raises(kind) as caught:
        next(lines)
    assert told in str(caught.value)
