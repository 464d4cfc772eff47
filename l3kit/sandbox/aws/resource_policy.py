"""A function's resource policy and its effect on the function URL."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from l3kit.sandbox.aws.iam.documents import MalformedPolicyError, Policy, parse_policy

MAX_POLICY_BYTES = 20 * 1024
VERSION = "2012-10-17"
PARAMETERS = frozenset(
    (
        *("StatementId", "Action", "Principal", "SourceArn", "SourceAccount"),
        *("FunctionUrlAuthType", "InvokedViaFunctionUrl"),
    )
)
"""Supported parameters of AddPermission."""


class PolicyRefusedError(Exception):
    """Refusal by the Lambda API: status, type and message."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status, self.kind, self.message = status, kind, message


class ResourcePolicy:
    """A function's policy, kept here because moto accepts duplicate statement ids and drops function URL conditions."""

    def __init__(self, function_arn: str) -> None:
        self._arn = function_arn
        self._statements: dict[str, dict[str, Any]] = {}

    def add(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """AddPermission. Returns the statement. Raises: PolicyRefusedError."""
        if unknown := sorted(set(body) - PARAMETERS):
            message = f"The l3kit sandbox offers no {', '.join(unknown)} of AddPermission"
            raise PolicyRefusedError(400, "InvalidParameterValueException", message)
        for key in ("StatementId", "Action", "Principal"):
            if not body.get(key):
                raise PolicyRefusedError(
                    400, "ValidationException", f"Value null at '{key}' failed to satisfy constraint"
                )
        sid = str(body["StatementId"])
        if sid in self._statements:
            message = (
                f"The statement id ({sid}) provided already exists. "
                "Please provide a new statement id, or remove the existing statement."
            )
            raise PolicyRefusedError(409, "ResourceConflictException", message)
        if body.get("FunctionUrlAuthType") and body["Action"] != "lambda:InvokeFunctionUrl":
            message = "FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action"
            raise PolicyRefusedError(400, "InvalidParameterValueException", message)
        statement = {
            "Sid": sid,
            "Effect": "Allow",
            "Principal": _principal(str(body["Principal"])),
            "Action": body["Action"],
            "Resource": self._arn,
        }
        condition = _condition(body)
        if condition:
            statement["Condition"] = condition
        try:
            parse_policy({"Version": VERSION, "Statement": [statement]}, "resource")
        except MalformedPolicyError as error:
            raise PolicyRefusedError(400, "InvalidParameterValueException", str(error)) from None
        self._statements[sid] = statement
        if len(self._document()) > MAX_POLICY_BYTES:
            del self._statements[sid]
            raise PolicyRefusedError(
                400, "PolicyLengthExceededException", "The final policy size is bigger than the limit (20480)."
            )
        return statement

    def remove(self, sid: str) -> None:
        """RemovePermission. Raises: PolicyRefusedError."""
        if sid not in self._statements:
            raise PolicyRefusedError(
                404, "ResourceNotFoundException", f"Statement {sid} is not found in resource policy."
            )
        del self._statements[sid]

    def describe(self) -> dict[str, str]:
        """Carry out GetPolicy. Raises: PolicyRefusedError without any statement."""
        if not self._statements:
            raise PolicyRefusedError(404, "ResourceNotFoundException", "The resource you requested does not exist.")
        return {"Policy": self._document(), "RevisionId": str(uuid.uuid4())}

    def admits_public_url(self) -> bool:
        """Return whether the URL is public, which since October 2025 requires two statements on AWS."""
        return self._allows("lambda:InvokeFunctionUrl", "lambda:FunctionUrlAuthType", "NONE") and self._allows(
            "lambda:InvokeFunction", "lambda:InvokedViaFunctionUrl", "true"
        )

    def _allows(self, action: str, key: str, value: str) -> bool:
        for statement in self._statements.values():
            if statement["Action"] not in (action, "lambda:*", "*") or statement["Principal"] != "*":
                continue
            conditions = [(k, v) for test in statement.get("Condition", {}).values() for k, v in test.items()]
            if all((k, v) == (key, value) for k, v in conditions):
                return True
        return False

    def parsed(self) -> Policy | None:
        """The policy parsed for evaluation; None without statements."""
        return parse_policy(self._document(), "resource", self._arn) if self._statements else None

    def _document(self) -> str:
        return json.dumps({"Version": VERSION, "Id": "default", "Statement": list(self._statements.values())})


def _principal(principal: str) -> object:
    if principal == "*":
        return "*"
    if principal.endswith(".amazonaws.com"):
        return {"Service": principal}
    if principal.isdigit():
        return {"AWS": f"arn:aws:iam::{principal}:root"}
    return {"AWS": principal}


def _condition(body: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    condition: dict[str, dict[str, str]] = {}
    if body.get("SourceAccount"):
        condition["StringEquals"] = {"AWS:SourceAccount": body["SourceAccount"]}
    if body.get("SourceArn"):
        condition["ArnLike"] = {"AWS:SourceArn": body["SourceArn"]}
    if body.get("FunctionUrlAuthType"):
        condition.setdefault("StringEquals", {})["lambda:FunctionUrlAuthType"] = body["FunctionUrlAuthType"]
    if body.get("InvokedViaFunctionUrl") is not None:
        condition["Bool"] = {"lambda:InvokedViaFunctionUrl": str(body["InvokedViaFunctionUrl"]).lower()}
    return condition
