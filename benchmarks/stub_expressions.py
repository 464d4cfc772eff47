"""The expressions and PartiQL statements that the stub's DynamoDB knows: those of l3kit and of boto3's resources."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from benchmarks.stub_partitions import Wire

_COMPARISON = re.compile(r"([#\w]+)\s*(<=|>=|=|<|>)\s*(:\w+)")
_BETWEEN = re.compile(r"([#\w]+)\s+BETWEEN\s+(:\w+)\s+AND\s+(:\w+)", re.IGNORECASE)
_CLAUSE = re.compile(r"(attribute_not_exists|attribute_exists)\s*\(\s*([#\w]+)\s*\)|([#\w]+)\s*=\s*(:\w+)")

_COMPARED = re.compile(r'"((?:[^"]|"")+)"=\?')
_DELETE = re.compile(
    rf'DELETE FROM "(?P<table>[\w.-]+)" '
    rf"WHERE (?P<where>{_COMPARED.pattern}(?: AND {_COMPARED.pattern})*) RETURNING ALL OLD \*"
)


_INSERT = re.compile(
    r"INSERT INTO \"(?P<table>[\w.-]+)\" VALUE \{(?P<members>'(?:[^']|'')+':\?(?:,'(?:[^']|'')+':\?)*)\}"
)
_INSERTED = re.compile(r"'((?:[^']|'')+)':\?")


class Refused(Exception):
    """A response with status 400 and DynamoDB's error type.

    Args:
        item: what is there, if the request asks for it.
        reason: why it was throttled.
    """

    def __init__(self, kind: str, message: str, item: Wire | None = None, *, reason: str | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.more: Wire = {} if item is None else {"Item": item}
        if reason is not None:
            self.more["ThrottlingReasons"] = [{"reason": reason}]


@dataclass(frozen=True, slots=True)
class Statement:
    """A parsed statement. `names`: of the attributes that the parameters are for, in order."""

    inserts: bool
    table: str
    names: tuple[str, ...]


@lru_cache
def statement(text: str) -> Statement:
    """Parse an INSERT, or a DELETE that compares attributes and returns the item. Raises: Refused."""
    if (match := _INSERT.fullmatch(text)) is not None:
        inserted = (name.replace("''", "'") for name in _INSERTED.findall(match["members"]))
        return Statement(True, match["table"], tuple(inserted))
    if (match := _DELETE.fullmatch(text)) is not None:
        compared = (name.replace('""', '"') for name in _COMPARED.findall(match["where"]))
        return Statement(False, match["table"], tuple(compared))
    raise Refused(
        "ValidationException", "the stub only knows inserts, and deletes that compare attributes and return the item"
    )


def _named(request: Wire, name: str) -> str:
    return request.get("ExpressionAttributeNames", {}).get(name, name) if name.startswith("#") else name


def key_conditions(request: Wire) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Parse a KeyConditionExpression: the partition key's value by name, and the bounds of the sort key."""
    text = request["KeyConditionExpression"]
    values = request["ExpressionAttributeValues"]
    bounds = []
    for _, low, high in _BETWEEN.findall(text):
        bounds += [(">=", values[low]["S"]), ("<=", values[high]["S"])]
    equal = {}
    for name, sign, value in _COMPARISON.findall(_BETWEEN.sub("", text)):
        if sign == "=":
            equal[_named(request, name)] = values[value]["S"]
        else:
            bounds.append((sign, values[value]["S"]))
    if "iotDeviceId" not in equal:
        raise Refused("ValidationException", "Query condition missed key schema element: iotDeviceId")
    return equal, bounds


def check_condition(request: Wire, item: Wire | None) -> None:
    """Evaluate a ConditionExpression of equalities and attribute_(not_)exists, as OR of ANDs."""
    text = request.get("ConditionExpression")
    if text and not any(_all_hold(request, part, item) for part in text.split(" OR ")):
        told = item if request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" else None
        raise Refused("ConditionalCheckFailedException", "The conditional request failed", told)


def _all_hold(request: Wire, text: str, item: Wire | None) -> bool:
    values = request.get("ExpressionAttributeValues", {})
    results = []
    for function, argument, name, value in _CLAUSE.findall(text):
        if function:
            there = item is not None and _named(request, argument) in item
            results.append(there == (function == "attribute_exists"))
        else:
            results.append(item is not None and item.get(_named(request, name)) == values[value])
    return bool(results) and all(results)
