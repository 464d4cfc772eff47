"""Permissions of CloudWatch, CloudWatch Logs, KMS and SQS: JSON protocols with the operation in X-Amz-Target."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from l3kit.sandbox.aws.account import ACCOUNT_ID, REGION
from l3kit.sandbox.aws.iam.calls.request import Call, UnmappedError
from l3kit.sandbox.aws.iam.evaluation import Need

KeyArn = Callable[[str], Awaitable[str]]
"""Returns the ARN of a key given by id, ARN or alias."""
_LOGS = f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:"
_KMS_LISTS = frozenset(("ListKeys", "ListAliases", "CreateKey", "GenerateRandom"))


def logs_needs(call: Call) -> list[Need]:
    """Permissions of a CloudWatch Logs request. Raises: UnmappedError, UnreadableError.

    As in AWS's refusals, the resource is `log-group:NAME:log-stream:STREAM`, with an empty stream for operations on the
    group; `log-group:NAME:*` therefore covers it, but `log-group:NAME` does not. Tagging operations use the group's
    ARN without a suffix.
    """
    operation, content = call.operation, call.content
    if not operation:
        raise UnmappedError("logs: a request without X-Amz-Target")
    action = f"logs:{operation}"
    if content.get("resourceArn"):
        return [call.need(action, str(content["resourceArn"]).removesuffix(":*"))]
    group = content.get("logGroupName") or _name_of(str(content.get("logGroupIdentifier") or ""))
    stream = content.get("logStreamName") or ""
    found = [call.need(action, log_arn(str(group), str(stream)))]
    if operation == "CreateLogGroup" and content.get("tags"):
        found.append(call.need("logs:TagResource", f"{_LOGS}{group}"))
    return found


def log_arn(group: str, stream: str = "") -> str:
    """ARN of a log group or log stream as used in policies."""
    return f"{_LOGS}{group}:log-stream:{stream}"


async def kms_needs(call: Call, key_arn: KeyArn) -> list[Need]:
    """Permissions of a KMS request. Raises: UnmappedError, UnreadableError."""
    operation, content = call.operation, call.content
    if not operation:
        raise UnmappedError("kms: a request without X-Amz-Target")
    if operation in _KMS_LISTS:
        return [call.need(f"kms:{operation}")]
    key = str(content.get("KeyId") or content.get("TargetKeyId") or "")
    return [call.need(f"kms:{operation}", await key_arn(key) if key else "*")]


def monitoring_needs(call: Call) -> list[Need]:
    """Permissions of a CloudWatch request. Raises: UnmappedError, UnreadableError."""
    operation, content = call.operation, call.content
    action = f"cloudwatch:{operation}"
    if operation == "DescribeAlarms":  # knows no single alarm
        return [call.need(action, _alarm_arn("*"))]
    if operation == "PutMetricAlarm":
        arn = _alarm_arn(str(content.get("AlarmName", "")))
        return [call.need(action, arn), *([call.need("cloudwatch:TagResource", arn)] if content.get("Tags") else [])]
    if operation == "DeleteAlarms":
        return [call.need(action, _alarm_arn(str(name))) for name in content.get("AlarmNames") or ()]
    if operation == "PutMetricData":
        return [call.need(action, cloudwatch__namespace=str(content.get("Namespace", "")))]
    if content.get("ResourceARN"):
        return [call.need(action, str(content["ResourceARN"]))]
    raise UnmappedError(action if operation else "cloudwatch: a request without X-Amz-Target")


def _alarm_arn(name: str) -> str:
    return f"arn:aws:cloudwatch:{REGION}:{ACCOUNT_ID}:alarm:{name}"


def sqs_needs(call: Call) -> list[Need]:
    """Permissions of an SQS request. Raises: UnmappedError, UnreadableError."""
    operation, content = call.operation, call.content
    name = content.get("QueueName") or str(content.get("QueueUrl") or "").rpartition("/")[2]
    if not operation or not name:
        raise UnmappedError(f"sqs: {operation or 'a request without X-Amz-Target'}")
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{name}"
    tags = operation == "CreateQueue" and content.get("tags")
    return [call.need(f"sqs:{operation}", arn), *([call.need("sqs:TagQueue", arn)] if tags else [])]


def _name_of(identifier: str) -> str:
    return identifier.partition(":log-group:")[2].removesuffix(":*") or identifier
