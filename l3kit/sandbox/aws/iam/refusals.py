"""Refusals in the wording and format of each service.

Sources: AWS's own answers as quoted in public issue threads; IAM User Guide, "Troubleshoot access denied error
messages"; S3 User Guide, "Troubleshoot access denied (403 Forbidden) errors" (S3 puts the ARN in quotation marks).
"""

from __future__ import annotations

import uuid
from xml.sax.saxutils import escape

from aiohttp import web

from l3kit.sandbox.answers import rest_error
from l3kit.sandbox.aws.error_answers import aws_json_error, s3_error
from l3kit.sandbox.aws.iam.evaluation import Decision, Need
from l3kit.sandbox.aws.iam.principals import Principal

REST = frozenset(("iot", "lambda", "scheduler"))
JSON = frozenset(("logs", "kms"))
JSON_1_0 = frozenset(("monitoring", "sqs"))
_INVALID_TOKEN = "The security token included in the request is invalid"


def message(principal: Principal, need: Need, decision: Decision, *, quoted: bool = False) -> str:
    """Text of a refusal: principal, action, resource and reason."""
    resource = f'"{need.resource}"' if quoted and need.resource != "*" else need.resource
    text = f"User: {principal.arn} is not authorized to perform: {need.action} on resource: {resource}"
    return f"{text} {decision.reason}".rstrip()


def denied(service: str, principal: Principal, need: Need, decision: Decision) -> web.Response:
    """Answer for a missing permission."""
    quoted = service == "s3" and need.action.startswith("s3:")
    return access_denied(service, message(principal, need, decision, quoted=quoted))


def access_denied(service: str, text: str) -> web.Response:
    """Access denied in the service's own format."""
    if service == "s3":
        return s3_error(403, "AccessDenied", text)
    if service == "dynamodb":
        return aws_json_error("com.amazon.coral.service#AccessDeniedException", text, "1.0")
    if service in JSON:
        return aws_json_error("AccessDeniedException", text, "1.1")
    if service in REST:
        return rest_error(403, "AccessDeniedException", text)
    if service == "iotdata":
        return rest_error(403, "ForbiddenException", text)
    if service in JSON_1_0:
        return aws_json_error("AccessDeniedException", text, "1.0")
    return query_error(403, "AuthorizationError" if service == "sns" else "AccessDenied", text)


def unmapped(service: str, what: str) -> web.Response:
    """Answer for an operation without known permissions."""
    return access_denied(service, f"The l3kit sandbox does not know which permissions {what} needs, so it refuses it")


def unknown_caller(service: str) -> web.Response:
    """Answer for an unknown access key or session token."""
    if service == "s3":
        return s3_error(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
    if service == "dynamodb":
        return aws_json_error("com.amazon.coral.service#UnrecognizedClientException", f"{_INVALID_TOKEN}.", "1.0")
    if service in JSON:
        return aws_json_error("UnrecognizedClientException", f"{_INVALID_TOKEN}.", "1.1")
    if service in REST or service == "iotdata":
        return rest_error(403, "UnrecognizedClientException", f"{_INVALID_TOKEN}.")
    if service in JSON_1_0:
        return aws_json_error("InvalidClientTokenId", f"{_INVALID_TOKEN}.", "1.0")
    return query_error(403, "InvalidClientTokenId", f"{_INVALID_TOKEN}.")


def query_error(status: int, code: str, text: str) -> web.Response:
    """Error in the format of IAM and STS, services of the query protocol."""
    body = (
        "<ErrorResponse><Error><Type>Sender</Type>"
        f"<Code>{code}</Code><Message>{escape(text)}</Message></Error><RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
    )
    return web.Response(body=body.encode(), status=status, content_type="text/xml")
