"""What a request's signature says: service, region and key. Signatures themselves are not checked."""

from __future__ import annotations

import re

from aiohttp import web

from l3kit.sandbox.state import REGION

_SCOPE = re.compile(r"Credential=[^/]+/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
SERVICES = frozenset(("dynamodb", "iam", "kms", "lambda", "logs", "s3", "scheduler", "sts"))
"""By their names in signatures; no others are served."""
_KEY = re.compile(r"Credential=([^/\s,]+)/|^AWS ([^:]+):")
"""Of a signature of version 4, or 2 as boto3 still makes for S3's presigned addresses."""


def scope_of(request: web.Request) -> tuple[str, str]:
    """Region and service a request is signed for; an unsigned one is for S3, as a presigned address is."""
    found = _SCOPE.search(request.headers.get("Authorization", ""))
    if found:
        return found["region"], found["service"].lower()
    if request.headers.get("X-Amz-Target", "").startswith("DynamoDB_"):
        return REGION, "dynamodb"
    parts = request.query.get("X-Amz-Credential", "").split("/")
    return (parts[2], parts[3].lower()) if len(parts) == 5 else (REGION, "s3")


def credentials_of(request: web.Request) -> tuple[str, str]:
    """Access key and session token, from the headers or a presigned address; "" where there is none."""
    found = _KEY.search(request.headers.get("Authorization", ""))
    if found:
        return found[1] or found[2], request.headers.get("X-Amz-Security-Token", "")
    query = {name.lower(): value for name, value in request.query.items()}
    key = query.get("x-amz-credential", "").split("/")[0] or query.get("awsaccesskeyid", "")
    return key, query.get("x-amz-security-token", "")
