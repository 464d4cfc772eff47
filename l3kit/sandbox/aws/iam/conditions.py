"""The Condition element: operators over a request's condition keys.

For a missing key, a positive operator is false, a negated one and `...IfExists` are true, and `Null` tests for it.
Without values, ForAllValues is true and ForAnyValue false (IAM User Guide, "Condition operators" and "Multivalued
context keys").
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from l3kit.sandbox.aws.iam.condition_keys import is_known
from l3kit.sandbox.aws.iam.matching import arn_matches, matches
from l3kit.sandbox.aws.iam.variables import Context, UnknownVariableError, fill, keys_of, literal, plain

_NAME = re.compile(r"(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?")
Test = Callable[[str, str], bool]
"""Compares the policy's value, with variables resolved, with the request's."""


class ConditionError(ValueError):
    """A condition that cannot be evaluated."""


@dataclass(frozen=True, slots=True)
class Condition:
    """An operator with one key.

    Attributes:
        quantifier: `ForAllValues`, `ForAnyValue` or "".
        negated: whether the operator is the negation of `test`.
    """

    quantifier: str
    negated: bool
    if_exists: bool
    test: Test
    key: str
    values: tuple[str, ...]

    def holds(self, context: Context) -> bool:
        """Evaluate the condition for a request. Raises: UnknownVariableError."""
        actual = context.get(self.key)
        if actual is None:
            if self.quantifier:
                return self.quantifier == "ForAllValues" or self.if_exists
            return self.negated or self.if_exists
        wanted = [fill(value, context) for value in self.values]
        verdicts = (any(self.test(value, one) for value in wanted) is not self.negated for one in actual)
        if self.quantifier == "ForAnyValue":
            return any(verdicts)
        if self.quantifier == "ForAllValues" or self.negated:
            return all(verdicts)
        return any(verdicts)


@dataclass(frozen=True, slots=True)
class Absence:
    """The operator `Null`, which tests whether the request has the key."""

    key: str
    absent: bool

    def holds(self, context: Context) -> bool:
        return (self.key not in context) is self.absent


def parse_conditions(element: object) -> tuple[Condition | Absence, ...]:
    """Parse and validate a Condition element. Raises: ConditionError if it cannot be evaluated."""
    if not isinstance(element, Mapping):
        raise ConditionError("Condition must be an object")
    found: list[Condition | Absence] = []
    for operator, tests in element.items():
        if not isinstance(tests, Mapping):
            raise ConditionError(f"the condition {operator} must be an object of keys")
        found += [_parse(str(operator), str(key), _texts(values)) for key, values in tests.items()]
    return tuple(found)


def all_hold(conditions: Sequence[Condition | Absence], context: Context) -> bool:
    """Whether all conditions hold; a condition with an unresolved variable does not."""
    try:
        return all(condition.holds(context) for condition in conditions)
    except UnknownVariableError:
        return False


def _parse(operator: str, key: str, values: tuple[str, ...]) -> Condition | Absence:
    found = _NAME.fullmatch(operator)
    for name in (key.lower(), *(name for value in values for name in keys_of(value))):
        if not is_known(name):
            raise ConditionError(f"the l3kit sandbox cannot evaluate the condition key {name}")
    quantifier, name, if_exists = found.groups(default="") if found else ("", "", "")
    if name == "Null" and not quantifier and not if_exists and values in (("true",), ("false",)):
        return Absence(key.lower(), values == ("true",))
    negated = name in _NEGATED
    kind = _OPERATORS.get(_NEGATED.get(name, name))
    if kind is None:
        raise ConditionError(f"{operator} is not a condition operator")
    test, check = kind
    for value in values:
        try:
            check(value)
        except ValueError:
            raise ConditionError(f"{value!r} is not a valid value for {operator}") from None
    return Condition(quantifier, negated, bool(if_exists), test, key.lower(), values)


def _texts(values: Any) -> tuple[str, ...]:
    its = values if isinstance(values, list) else [values]
    if not its or not all(isinstance(one, str | int | float) for one in its):
        raise ConditionError("a condition's values must be strings, numbers or booleans")
    return tuple(str(one).lower() if isinstance(one, bool) else str(one) for one in its)


def _string(wanted: str, actual: str) -> bool:
    return plain(wanted) == actual


def _string_without_case(wanted: str, actual: str) -> bool:
    return plain(wanted).lower() == actual.lower()


def _like(wanted: str, actual: str) -> bool:
    return matches(wanted, literal(actual))


def _arn(wanted: str, actual: str) -> bool:
    return arn_matches(wanted, literal(actual))


def _bool(wanted: str, actual: str) -> bool:
    return wanted.lower() == actual.lower()


def _address(wanted: str, actual: str) -> bool:
    try:
        return ipaddress.ip_address(actual) in ipaddress.ip_network(plain(wanted), strict=False)
    except ValueError:
        return False


def _compared(read: Callable[[str], float], compare: Callable[[float, float], bool]) -> Test:
    def test(wanted: str, actual: str) -> bool:
        try:
            return compare(read(actual), read(plain(wanted)))
        except ValueError:
            return False

    return test


def _date(text: str) -> float:
    """Seconds since 1970 of an ISO 8601 time or of digits. Raises: ValueError."""
    try:
        return float(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _anything(_: str) -> None:
    """Accept every text."""


def _unless_variable(check: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda value: None if "${" in value else check(value)


def _boolean(value: str) -> None:
    if value.lower() not in ("true", "false"):
        raise ValueError(value)


def _kinds() -> dict[str, tuple[Test, Callable[[str], Any]]]:
    kinds: dict[str, tuple[Test, Callable[[str], Any]]] = {
        "StringEquals": (_string, _anything),
        "StringEqualsIgnoreCase": (_string_without_case, _anything),
        "StringLike": (_like, _anything),
        "ArnEquals": (_arn, _anything),
        "ArnLike": (_arn, _anything),
        "BinaryEquals": (_string, _anything),
        "Bool": (_bool, _unless_variable(_boolean)),
        "IpAddress": (_address, _unless_variable(lambda value: ipaddress.ip_network(value, strict=False))),
    }
    comparisons: dict[str, Callable[[float, float], bool]] = {
        "Equals": lambda a, b: a == b,
        "LessThan": lambda a, b: a < b,
        "LessThanEquals": lambda a, b: a <= b,
        "GreaterThan": lambda a, b: a > b,
        "GreaterThanEquals": lambda a, b: a >= b,
    }
    for name, compare in comparisons.items():
        kinds[f"Numeric{name}"] = (_compared(float, compare), _unless_variable(float))
        kinds[f"Date{name}"] = (_compared(_date, compare), _unless_variable(_date))
    return kinds


_OPERATORS = _kinds()
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
}
