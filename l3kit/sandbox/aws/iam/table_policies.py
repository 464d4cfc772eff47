"""Resource policies of DynamoDB tables, which neither emulator stores."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from l3kit.sandbox.aws.answers import dynamodb_error, json_answer
from l3kit.sandbox.aws.iam.calls.dynamodb import table_of
from l3kit.sandbox.aws.iam.documents import MalformedPolicyError, Policy, parse_policy

MAX_BYTES = 20 * 1024
OPERATIONS = frozenset(("PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy"))
NO_POLICY = "NO_POLICY"
"""Expected revision that requires that the table has no policy yet."""


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """A table's policy as sent and as parsed."""

    text: str
    policy: Policy
    revision: str


class TablePolicies:
    """Policies by table ARN; a policy is deleted with its table."""

    def __init__(self) -> None:
        self._kept: dict[str, StoredPolicy] = {}

    def of(self, arn: str) -> Policy | None:
        """The policy for a table or one of its indexes."""
        kept = self._kept.get(arn.split("/index/")[0])
        return kept.policy if kept else None

    def put(self, arn: str, text: str) -> str:
        """Store a policy and return its revision. Raises: MalformedPolicyError."""
        if len(text.encode()) > MAX_BYTES:
            raise MalformedPolicyError(f"the policy has more than {MAX_BYTES} bytes")
        policy = parse_policy(text, "resource", table_of(arn))
        for statement in policy.statements:
            for resource in statement.resources:
                if resource != "*" and table_of(resource) != table_of(arn):
                    raise MalformedPolicyError(f"{resource} is not the table of the policy")
        revision = str(time.time_ns())
        self._kept[arn] = StoredPolicy(text, policy, revision)
        return revision

    def forget(self, arn: str) -> None:
        """Remove the policy of a deleted table."""
        self._kept.pop(arn, None)

    def answer(self, operation: str, content: Mapping[str, Any]) -> web.Response:
        """Answer one of `OPERATIONS` on an existing table."""
        arn = str(content.get("ResourceArn", ""))
        kept = self._kept.get(arn)
        expected = content.get("ExpectedRevisionId")
        if expected and expected != (kept.revision if kept else NO_POLICY):
            return dynamodb_error("PolicyNotFoundException", "The resource policy has a different revision")
        if operation == "PutResourcePolicy":
            try:
                return json_answer({"RevisionId": self.put(arn, str(content.get("Policy", "")))})
            except MalformedPolicyError as error:
                return invalid(error)
        if kept is None:
            if operation == "DeleteResourcePolicy":
                return json_answer({})
            return dynamodb_error("PolicyNotFoundException", f"The resource {arn} has no policy")
        if operation == "DeleteResourcePolicy":
            self.forget(arn)
            return json_answer({"RevisionId": kept.revision})
        return json_answer({"Policy": kept.text, "RevisionId": kept.revision})


def invalid(error: MalformedPolicyError) -> web.Response:
    """DynamoDB's refusal of a malformed policy."""
    return dynamodb_error("ValidationException", f"Invalid policy document: {error}")
