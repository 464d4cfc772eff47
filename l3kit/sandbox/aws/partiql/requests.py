"""Parsing and validation of a BatchExecuteStatement request. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from l3kit.clouds.aws.data import odd_text
from l3kit.sandbox.aws.partiql.values import problem_with

MAX_STATEMENTS = 25
MAX_CHARACTERS = 8192
"""Both from DynamoDB's service model: `PartiQLBatchRequest`, `PartiQLStatement`."""


class RequestError(Exception):
    """An invalid request, refused as a whole."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One statement of a request."""

    text: str
    parameters: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Request:
    """The statements, and whether to report the capacity."""

    statements: Sequence[Asked]
    capacity: bool


def request_of(body: bytes) -> Request:
    """Parse a request. Raises: RequestError."""
    content = odd_text.loads(body)
    statements = content.get("Statements")
    if not isinstance(statements, list) or not statements:
        raise RequestError("The statement was empty.")
    if len(statements) > MAX_STATEMENTS:
        raise RequestError(_constraint("statements", f"Member must have length less than or equal to {MAX_STATEMENTS}"))
    capacity = content.get("ReturnConsumedCapacity") or "NONE"
    if capacity not in ("NONE", "TOTAL"):
        raise RequestError("The l3kit sandbox offers ReturnConsumedCapacity NONE and TOTAL only")
    asked = [_asked(each, f"statements.{number}.member.") for number, each in enumerate(statements, 1)]
    return Request(asked, capacity == "TOTAL")


def _asked(content: Any, place: str) -> Asked:
    if not isinstance(content, Mapping):
        raise RequestError(f"Unexpected value type in payload: {place}")
    text, parameters = content.get("Statement"), content.get("Parameters")
    if not isinstance(text, str) or not text:
        raise RequestError("The statement was empty.")
    if len(text) > MAX_CHARACTERS:
        raise RequestError(
            _constraint(place + "statement", f"Member must have length less than or equal to {MAX_CHARACTERS}")
        )
    if parameters is not None and (not isinstance(parameters, list) or not parameters):
        raise RequestError(_constraint(place + "parameters", "Member must have length greater than or equal to 1"))
    if problem := next(filter(None, map(problem_with, parameters or ())), None):
        raise RequestError(problem)
    if (content.get("ReturnValuesOnConditionCheckFailure") or "NONE") != "NONE":
        raise RequestError("The l3kit sandbox offers ReturnValuesOnConditionCheckFailure NONE only in PartiQL")
    return Asked(text, parameters or ())


def _constraint(member: str, constraint: str) -> str:
    return f"1 validation error detected: Value at '{member}' failed to satisfy constraint: {constraint}"
