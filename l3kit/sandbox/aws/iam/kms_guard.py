"""Validation of KMS key policies before moto stores them."""

from __future__ import annotations

from aiohttp import web

from l3kit.sandbox.aws.error_answers import aws_json_error
from l3kit.sandbox.aws.iam.documents import MalformedPolicyError, parse_policy
from l3kit.sandbox.aws.iam.enforcement import AccessRequest, Handler
from l3kit.sandbox.aws.iam.keys import Keys


class KmsGuard:
    """Service-specific checks of KMS."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    async def __call__(self, access: AccessRequest, handler: Handler) -> web.StreamResponse:
        policy = access.call.content.get("Policy")
        if policy:
            try:
                parse_policy(str(policy), "resource")
            except MalformedPolicyError as error:
                return aws_json_error("MalformedPolicyDocumentException", str(error), "1.1")
        try:
            return await handler(access.request)
        finally:
            self._keys.note(access.call.operation)
