"""Service, region and access key from a request's signature, which is not verified."""

from __future__ import annotations

import re

from aiohttp import web

from l3kit.sandbox.state import REGION

_SCOPE = re.compile(r"Credential=[^/]+/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
_OWN_RULES = ("dynamodb", "iam", "kms", "lambda", "logs", "s3", "scheduler", "sts")
SERVICES = frozenset((*_OWN_RULES, "events", "monitoring", "sns", "sqs", "tagging"))
"""The served services, by their names in signatures."""
_KEY = re.compile(r"Credential=([^/\s,]+)/|^AWS ([^:]+):")
"""Access key in a signature of version 4, or 2, which boto3 still uses for presigned S3 URLs."""


def scope_of(request: web.Request) -> tuple[str, str]:
    """Region and service of a request's signature; S3 for an unsigned request."""
    found = _SCOPE.search(request.headers.get("Authorization", ""))
    if found:
        return found["region"], found["service"].lower()
    if request.headers.get("X-Amz-Target", "").startswith("DynamoDB_"):
        return REGION, "dynamodb"
    parts = request.query.get("X-Amz-Credential", "").split("/")
    return (parts[2], parts[3].lower()) if len(parts) == 5 else (REGION, "s3")


def credentials_of(request: web.Request) -> tuple[str, str]:
    """Access key and session token, from the headers or a presigned URL; "" for each if absent."""
    found = _KEY.search(request.headers.get("Authorization", ""))
    if found:
        return found[1] or found[2], request.headers.get("X-Amz-Security-Token", "")
    query = {name.lower(): value for name, value in request.query.items()}
    key = query.get("x-amz-credential", "").split("/")[0] or query.get("awsaccesskeyid", "")
    return key, query.get("x-amz-security-token", "")
