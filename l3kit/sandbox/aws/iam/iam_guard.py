"""IAM and STS: policy documents are validated before moto stores them; simulations are answered here."""

from __future__ import annotations

import re

from aiohttp import web

from l3kit.sandbox.aws.account import ACCOUNT_ID
from l3kit.sandbox.aws.iam import refusals
from l3kit.sandbox.aws.iam.directory import Directory
from l3kit.sandbox.aws.iam.documents import Kind, MalformedPolicyError, parse_policy
from l3kit.sandbox.aws.iam.enforcement import AccessRequest, Handler
from l3kit.sandbox.aws.iam.moto_iam import MotoIam
from l3kit.sandbox.aws.iam.simulation import Simulation

DOCUMENTS: dict[str, tuple[str, Kind]] = {
    "CreatePolicy": ("PolicyDocument", "identity"),
    "CreatePolicyVersion": ("PolicyDocument", "identity"),
    "CreateRole": ("AssumeRolePolicyDocument", "trust"),
    "PutGroupPolicy": ("PolicyDocument", "identity"),
    "PutRolePolicy": ("PolicyDocument", "identity"),
    "PutUserPolicy": ("PolicyDocument", "identity"),
    "UpdateAssumeRolePolicy": ("PolicyDocument", "trust"),
}
MANAGED_CHARACTERS, TRUST_CHARACTERS = 6144, 2048
INLINE_CHARACTERS = {"Role": 10_240, "User": 2048, "Group": 5120}
"""Total of an identity's inline policies without white space (IAM User Guide, "IAM and AWS STS quotas")."""


class IamGuard:
    """Service-specific checks of IAM."""

    def __init__(self, directory: Directory, iam: MotoIam, simulation: Simulation) -> None:
        self._directory = directory
        self._iam = iam
        self._simulation = simulation

    async def __call__(self, access: AccessRequest, handler: Handler) -> web.StreamResponse:
        form = access.call.form
        operation = form["Action"]
        if operation.startswith("Simulate"):
            return await self._simulation.answer(access)
        try:
            await self._check(operation, form)
        except MalformedPolicyError as error:
            return refusals.query_error(400, "MalformedPolicyDocument", str(error))
        except _TooLongError as error:
            return refusals.query_error(409, "LimitExceeded", str(error))
        try:
            return await handler(access.request)
        finally:
            self._directory.note_write(operation, form)

    async def _check(self, operation: str, form: dict[str, str]) -> None:
        """Validate the documents in a request. Raises: MalformedPolicyError, _TooLongError."""
        if operation in DOCUMENTS:
            name, kind = DOCUMENTS[operation]
            parse_policy(form.get(name, ""), kind)
            await self._check_length(operation, form, _length(form.get(name, "")))
        if operation.startswith("Attach") and operation.endswith("Policy"):
            # An AWS managed policy may contain conditions that cannot be evaluated.
            await self._directory.managed(form.get("PolicyArn", ""))

    async def _check_length(self, operation: str, form: dict[str, str], length: int) -> None:
        found = re.fullmatch(r"Put(Role|User|Group)Policy", operation)
        if not found:
            limit = TRUST_CHARACTERS if "AssumeRole" in operation or operation == "CreateRole" else MANAGED_CHARACTERS
            if length > limit:
                raise _TooLongError(f"Cannot exceed quota for PolicySize: {limit}")
            return
        kind = found[1]
        owner, limit = form.get(f"{kind}Name", ""), INLINE_CHARACTERS[kind]
        others = await self._iam.inline_texts(kind, owner, without=form.get("PolicyName", ""))
        total = length + sum(_length(text) for text in others.values())
        if total > limit:
            raise _TooLongError(f"Maximum policy size of {limit} bytes exceeded for {kind.lower()} {owner}")


async def say_who(access: AccessRequest, handler: Handler) -> web.Response:
    """Answer STS's GetCallerIdentity, the only supported operation of STS."""
    operation, principal = access.call.form.get("Action", ""), access.principal
    if operation != "GetCallerIdentity":
        return refusals.unmapped("sts", f"sts:{operation}")
    return web.Response(
        text=(
            '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
            f"<Arn>{principal.arn}</Arn><UserId>{principal.unique_id}</UserId><Account>{ACCOUNT_ID}</Account>"
            "</GetCallerIdentityResult></GetCallerIdentityResponse>"
        ),
        content_type="text/xml",
    )


class _TooLongError(Exception):
    """A document, or all of an identity's documents together, above IAM's limit."""


def _length(text: str) -> int:
    return sum(not c.isspace() for c in text)
