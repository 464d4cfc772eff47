"""Parsing and validation of ExecuteStatement and BatchExecuteStatement requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from l3kit.clouds.aws.data import odd_text
from l3kit.sandbox.aws.partiql.parser import verb_of
from l3kit.sandbox.aws.partiql.tokens import StatementError
from l3kit.sandbox.aws.partiql.values import problem_with

MAX_STATEMENTS = 25
MAX_CHARACTERS = 8192
"""Both from DynamoDB's service model: `PartiQLBatchRequest`, `PartiQLStatement`."""


class RequestError(Exception):
    """An invalid request, refused as a whole."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One statement of a request. `on_failure`: whether to return the item that made a condition fail."""

    text: str
    parameters: Sequence[Any]
    on_failure: bool


@dataclass(frozen=True, slots=True)
class Request:
    """The statements, and the detail of the reported capacity: NONE, TOTAL or INDEXES."""

    statements: Sequence[Asked]
    capacity: str


def request_of(operation: str, body: bytes) -> Request:
    """Parse a request. Raises: RequestError."""
    content = odd_text.loads(body)
    if operation == "ExecuteStatement":
        asked = [_asked(content, "")]
    else:
        statements = content.get("Statements")
        if not isinstance(statements, list) or not statements:
            raise RequestError("The statement was empty.")
        if len(statements) > MAX_STATEMENTS:
            raise RequestError(
                _constraint("statements", f"Member must have length less than or equal to {MAX_STATEMENTS}")
            )
        asked = [_asked(each, f"statements.{number}.member.") for number, each in enumerate(statements, 1)]
        if len({verb in ("SELECT", "EXISTS") for verb in map(_verb, asked) if verb}) > 1:
            raise RequestError("Read and write requests together in the same batch is not supported.")
    return Request(asked, _one_of(content, "ReturnConsumedCapacity", "", ("NONE", "TOTAL", "INDEXES")))


def _asked(content: Any, place: str) -> Asked:
    if not isinstance(content, Mapping):
        raise RequestError(f"Unexpected value type in payload: {place or 'the request'}")
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
    on_failure = _one_of(content, "ReturnValuesOnConditionCheckFailure", place, ("NONE", "ALL_OLD"))
    return Asked(text, parameters or (), on_failure == "ALL_OLD")


def _verb(asked: Asked) -> str:
    try:
        return verb_of(asked.text)
    except StatementError:
        return ""


def _one_of(content: Mapping[str, Any], name: str, place: str, allowed: Sequence[str]) -> str:
    """The value of an enumerated member; the first allowed value if absent."""
    value = content.get(name)
    if value is None:
        return allowed[0]
    if value not in allowed:
        member = place + name[0].lower() + name[1:]
        raise RequestError(_constraint(member, f"Member must satisfy enum value set: [{', '.join(allowed)}]"))
    return str(value)


def _constraint(member: str, constraint: str) -> str:
    return f"1 validation error detected: Value at '{member}' failed to satisfy constraint: {constraint}"
