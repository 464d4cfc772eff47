"""KMS: key policies are checked before moto keeps them."""

from __future__ import annotations

from aiohttp import web

from l3kit.sandbox.aws.answers import aws_json_error
from l3kit.sandbox.aws.iam.documents import MalformedPolicyError, parse_policy
from l3kit.sandbox.aws.iam.enforcement import Case, Handler
from l3kit.sandbox.aws.iam.keys import Keys


class KmsGuard:
    """Around every request of KMS that its own permissions let through."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    async def __call__(self, case: Case, handler: Handler) -> web.StreamResponse:
        policy = case.call.content.get("Policy")
        if policy:
            try:
                parse_policy(str(policy), "resource")
            except MalformedPolicyError as error:
                return aws_json_error("MalformedPolicyDocumentException", str(error), "1.1")
        try:
            return await handler(case.request)
        finally:
            self._keys.note(case.call.operation)
