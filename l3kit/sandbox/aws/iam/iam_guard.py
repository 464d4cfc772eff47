"""IAM and STS: policy documents are validated before moto stores them, simulations and AssumeRole are answered."""

from __future__ import annotations

import re
from datetime import datetime

from aiohttp import web

from l3kit.sandbox.aws.iam import refusals
from l3kit.sandbox.aws.iam.callers import AssumedRole, Callers
from l3kit.sandbox.aws.iam.directory import Directory
from l3kit.sandbox.aws.iam.documents import Kind, MalformedPolicyError, Policy, parse_policy
from l3kit.sandbox.aws.iam.enforcement import AccessRequest, Handler
from l3kit.sandbox.aws.iam.evaluation import evaluate
from l3kit.sandbox.aws.iam.moto_iam import MotoIam, parse_xml
from l3kit.sandbox.aws.iam.simulation import Simulation
from l3kit.sandbox.aws.signatures import credentials_of
from l3kit.sandbox.state import ACCESS_KEY, ACCOUNT_ID
from l3kit.sandbox.upstream import WHOLE

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


class StsGuard:
    """STS: GetCallerIdentity and AssumeRole; nothing else is supported."""

    def __init__(self, callers: Callers, directory: Directory) -> None:
        self._callers = callers
        self._directory = directory

    async def __call__(self, access: AccessRequest, handler: Handler) -> web.StreamResponse:
        operation = access.call.form.get("Action", "")
        if operation == "GetCallerIdentity":
            return self._identity(access)
        if operation == "AssumeRole":
            return await self._assume(access, handler)
        return refusals.unmapped("sts", f"sts:{operation}")

    def _identity(self, access: AccessRequest) -> web.Response:
        principal = access.principal
        if principal.kind == "anonymous":
            return refusals.query_error(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
        return web.Response(
            text=(
                '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
                f"<Arn>{principal.arn}</Arn><UserId>{principal.unique_id}</UserId><Account>{ACCOUNT_ID}</Account>"
                "</GetCallerIdentityResult></GetCallerIdentityResponse>"
            ),
            content_type="text/xml",
        )

    async def _assume(self, access: AccessRequest, handler: Handler) -> web.StreamResponse:
        form = access.call.form
        arn, session = form.get("RoleArn", ""), form.get("RoleSessionName", "")
        if credentials_of(access.request) == (ACCESS_KEY, ""):
            return refusals.access_denied("sts", "Roles may not be assumed by root accounts.")
        role = await self._directory.role(arn.rsplit("/", 1)[-1])
        keys = {"sts__RoleSessionName": session, "sts__ExternalId": form.get("ExternalId")}
        need = access.call.need("sts:AssumeRole", arn, **keys)
        trusted = role is not None and role.arn == arn
        if not trusted or role is None or not evaluate(access.identity, need, role.trust, key_policy=True).allowed:
            text = f"User: {access.principal.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
            return refusals.access_denied("sts", text)
        try:
            policies = await self._session_policies(form)
        except MalformedPolicyError as error:
            return refusals.query_error(400, "MalformedPolicyDocument", str(error))
        access.request[WHOLE] = True
        answer = await handler(access.request)
        if answer.status == 200 and isinstance(answer, web.Response) and isinstance(answer.body, bytes):
            given = parse_xml(answer.body)
            expires = datetime.fromisoformat(given.text(".//Expiration")).timestamp()
            taken = AssumedRole(arn, session, given.text(".//SessionToken"), expires, policies)
            self._callers.register(given.text(".//AccessKeyId"), taken)
        return answer

    async def _session_policies(self, form: dict[str, str]) -> tuple[Policy, ...] | None:
        found = [parse_policy(form["Policy"], "identity", "session")] if form.get("Policy") else []
        for name, arn in form.items():
            if re.fullmatch(r"PolicyArns\.member\.\d+\.arn", name):
                policy = await self._directory.managed(arn)
                if policy is None:
                    raise MalformedPolicyError(f"The policy {arn} does not exist")
                found.append(policy)
        return tuple(found) or None


class _TooLongError(Exception):
    """A document, or all of an identity's documents together, above IAM's limit."""


def _length(text: str) -> int:
    return sum(not c.isspace() for c in text)
