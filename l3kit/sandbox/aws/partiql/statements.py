"""A PartiQL statement with its parameters as a conditional DeleteItem or PutItem. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from l3kit.sandbox.aws.partiql.parser import Delete, Insert, parse
from l3kit.sandbox.aws.partiql.tokens import StatementError

MAX_OPERATORS = 300
"""Comparisons and ANDs of one statement, the key's included (DynamoDB's limit for an expression; DynamoDB Local
counts a statement's WHERE so: 150 conditions pass, 151 do not)."""
ALL_OLD = {"ReturnValues": "ALL_OLD", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}

Key = Sequence[tuple[str, str]]
"""A table's key: attribute and type (S, N or B), the partition key first."""


class NoTableError(StatementError):
    """The statement names a table that is not there."""


@dataclass(frozen=True, slots=True)
class Write:
    """What a statement asks of the store.

    Attributes:
        target: DeleteItem or PutItem.
        content: the request to it; the old item comes back whatever becomes of it.
        identity: table and key, for comparing with other statements'.
        returning: whether the statement's answer has the old item.
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
    """The write that a statement means. `key_of`: a table's key, None where there is no such table.

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
    """Raises: StatementError for a name that DynamoDB Local takes for a placeholder, where no statement has any."""
    if name.startswith(("#", ":")):
        raise StatementError(
            f"An expression attribute name used in the document path is not defined; attribute name: {name}"
        )


def _condition(equal: Sequence[tuple[str, Any]], missing: Sequence[str]) -> dict[str, Any]:
    """The parameters of a conditional write that say the same as these parts of a WHERE.

    In the form that DynamoDB had before expressions: dynalite needs milliseconds to read an expression.
    Raises: StatementError where a name comes twice, for which that form has no room.
    """
    expected: dict[str, Any] = {name: {"Value": value} for name, value in equal}
    expected |= {name: {"Exists": False} for name in missing}
    if len(expected) < len(equal) + len(missing):
        raise StatementError("The l3kit sandbox does not offer two conditions on one attribute")
    return {"Expected": expected} if expected else {}


def _identity(table: str, key: Key, values: Mapping[str, Any]) -> tuple[object, ...]:
    """Raises: StatementError for a key of another type than the table's, or an empty one."""
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
