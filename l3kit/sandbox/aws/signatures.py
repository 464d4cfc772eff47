"""Service, region and access key from a request's signature, which is not verified."""

from __future__ import annotations

import re

from aiohttp import web

from l3kit.sandbox.aws.account import REGION

_SCOPE = re.compile(r"Credential=[^/]+/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
SERVICES = frozenset(
    ("dynamodb", "iam", "iot", "iotdata", "kms", "lambda", "logs", "monitoring", "s3", "scheduler", "sns", "sqs", "sts")
)
"""Names of the served services as they appear in signatures; requests for others are refused."""
_KEY = re.compile(r"Credential=([^/\s,]+)/")


def scope_of(request: web.Request) -> tuple[str, str]:
    """Return region and service that a request is signed for; an unsigned one is for DynamoDB or S3, and refused."""
    found = _SCOPE.search(request.headers.get("Authorization", ""))
    if found:
        return found["region"], found["service"].lower()
    return REGION, "dynamodb" if request.headers.get("X-Amz-Target", "").startswith("DynamoDB_") else "s3"


def credentials_of(request: web.Request) -> tuple[str, str]:
    """Return access key and session token; "" if there is none."""
    found = _KEY.search(request.headers.get("Authorization", ""))
    return (found[1] if found else ""), request.headers.get("X-Amz-Security-Token", "")
