"""Translation of a PartiQL statement with its parameters to a conditional DeleteItem or PutItem."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from l3kit.sandbox.aws.partiql.parser import Delete, Insert, parse
from l3kit.sandbox.aws.partiql.tokens import StatementError

MAX_OPERATORS = 300
"""Maximum comparisons and ANDs of a statement, including the key's (DynamoDB's limit for an expression).

DynamoDB Local counts a statement's WHERE the same way: 150 conditions pass, 151 do not.
"""
ALL_OLD = {"ReturnValues": "ALL_OLD", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}

Key = Sequence[tuple[str, str]]
"""A table's key: pairs of attribute and type (S, N or B), the partition key first."""


class NoTableError(StatementError):
    """The statement names a missing table."""


@dataclass(frozen=True, slots=True)
class Write:
    """The write that a statement requests.

    Attributes:
        target: DeleteItem or PutItem.
        content: its request; always asks for the old item.
        identity: table and key, for finding duplicates in a batch.
        returning: whether the statement's answer contains the old item.
    """

    table: str
    target: str
    content: Mapping[str, Any]
    identity: tuple[object, ...]
    returning: bool = False

    @property
    def inserts(self) -> bool:
        return self.target == "PutItem"


def write_of(statement: str, parameters: Sequence[Any], key_of: Callable[[str], Key | None]) -> Write:
    """Translate a statement to a write. `key_of`: returns a table's key; None for a missing table.

    Raises: StatementError.
    """
    parsed = parse(statement)
    if len(parameters) != len(parsed.equal if isinstance(parsed, Delete) else parsed.names):
        raise StatementError("Number of parameters in request and statement don't match.")
    table = parsed.table.rsplit("/", 1)[-1]
    key = key_of(table)
    if key is None:
        raise NoTableError("Requested resource not found")
    if isinstance(parsed, Delete):
        return _delete(parsed, table, key, parameters)
    return _insert(parsed, table, key, parameters)


def _delete(parsed: Delete, table: str, key: Key, parameters: Sequence[Any]) -> Write:
    conditions = len(parsed.equal) + len(parsed.missing)
    if 2 * conditions - 1 > MAX_OPERATORS:
        raise StatementError(f"The expression contains too many operators; operator count: {MAX_OPERATORS + 1}")
    parts = {name for name, _ in key}
    given: dict[str, Any] = {}
    equal: list[tuple[str, Any]] = []
    for name in (*parsed.equal, *parsed.missing):
        _check_name(name)
    for name, value in zip(parsed.equal, parameters, strict=True):
        if name not in parts:
            equal.append((name, value))
        elif given.setdefault(name, value) != value:
            raise StatementError(
                f"Multiple conditions on same key {name}. Only single item Update/Insert/Delete are supported"
            )
    if parts - set(given):
        raise StatementError("Where clause does not contain a mandatory equality on all key attributes")
    identity = _identity(table, key, given)
    content = {"TableName": table, "Key": given, **_condition(equal, parsed.missing), **ALL_OLD}
    return Write(table, "DeleteItem", content, identity, parsed.returning)


def _insert(parsed: Insert, table: str, key: Key, parameters: Sequence[Any]) -> Write:
    item = dict(zip(parsed.names, parameters, strict=True))
    for name, _ in key:
        if name not in item:
            raise StatementError(f"Key attribute should be present in the item: Key {name}")
    content = {"TableName": table, "Item": item, **_condition([], [key[0][0]]), **ALL_OLD}
    return Write(table, "PutItem", content, _identity(table, key, item))


def _check_name(name: str) -> None:
    """Refuse a name that DynamoDB Local takes for a placeholder. Raises: StatementError."""
    if name.startswith(("#", ":")):
        raise StatementError(
            f"An expression attribute name used in the document path is not defined; attribute name: {name}"
        )


def _condition(equal: Sequence[tuple[str, Any]], missing: Sequence[str]) -> dict[str, Any]:
    """The parameters of a conditional write that are equivalent to these parts of a WHERE.

    Uses DynamoDB's legacy `Expected` form, because dynalite needs milliseconds to parse an expression.
    Raises: StatementError for a repeated name, which that form cannot express.
    """
    expected: dict[str, Any] = {name: {"Value": value} for name, value in equal}
    expected |= {name: {"Exists": False} for name in missing}
    if len(expected) < len(equal) + len(missing):
        raise StatementError("The l3kit sandbox does not support two conditions on one attribute")
    return {"Expected": expected} if expected else {}


def _identity(table: str, key: Key, values: Mapping[str, Any]) -> tuple[object, ...]:
    """Table and key of a statement. Raises: StatementError for a key that is empty or of the wrong type."""
    return (table, *(_key_value(name, kind, values[name]) for name, kind in key))


def _key_value(name: str, kind: str, value: Any) -> object:
    if not isinstance(value, Mapping) or list(value) != [kind] or not isinstance(value[kind], str):
        raise StatementError(f"Key attribute's data type should match its data type in table's schema: Key {name}")
    content: str = value[kind]
    if not content:
        raise StatementError(
            "One or more parameter values are not valid. "
            f"The AttributeValue for a key attribute cannot contain an empty string value. Key: {name}"
        )
    if kind != "N":
        return content
    return Decimal(content)
