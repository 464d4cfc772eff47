"""The statements of a function's resource policy: who may invoke it, besides identities of its account."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from l3kit.clouds.aws.control.calls import code_of, unless_missing
from l3kit.clouds.aws.control.context import Context

BUSY_LIMIT = 60.0
"""Maximum seconds for Lambda to finish another change of the function."""


def statements_of(context: Context, function: str) -> dict[str, dict[str, Any]]:
    """Return the statements by their ids; none if there is no policy or no function."""
    there = unless_missing(lambda: context.client("lambda").get_policy(FunctionName=function))
    statements = json.loads(there["Policy"])["Statement"] if there else []
    return {statement["Sid"]: statement for statement in statements}


def permit(context: Context, function: str, sid: str, right: Mapping[str, Any]) -> None:
    """Add a statement, given as parameters of AddPermission, if there is none of that id."""

    def add() -> None:
        if sid not in statements_of(context, function):  # an earlier try may have made it, with its response lost
            context.client("lambda").add_permission(FunctionName=function, StatementId=sid, **right)

    context.retry_while(add, _is_busy, f"function {function} accepts its permissions", BUSY_LIMIT)


def withdraw(context: Context, function: str, sid: str) -> None:
    """Remove a statement; a missing one is not an error."""
    unless_missing(lambda: context.client("lambda").remove_permission(FunctionName=function, StatementId=sid))


def _is_busy(error: ClientError) -> bool:
    """Return whether another change is in progress, or an earlier try, whose response was lost, added the statement."""
    return code_of(error) == "ResourceConflictException"
