"""The Condition element: operators over a request's condition keys, as far as the policies that l3kit writes use them.

A key that a request lacks makes an operator false; `Null` asks for it (IAM User Guide, "Condition operators").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from l3kit.sandbox.aws.iam.condition_keys import Context, is_known
from l3kit.sandbox.aws.iam.matching import matches_arn

EQUALS, ARN_LIKE, BOOL, NULL = "StringEquals", "ArnLike", "Bool", "Null"
_BOOLEANS = frozenset(("true", "false"))


class ConditionError(ValueError):
    """A condition that cannot be evaluated."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator with one key; a value of `Bool` and `Null` is `true` or `false`."""

    operator: str
    key: str
    values: tuple[str, ...]

    def holds(self, context: Context) -> bool:
        """Return whether the condition holds for a request."""
        if self.operator == NULL:
            return (self.key not in context) is (self.values == ("true",))
        given = context.get(self.key, ())
        if self.operator == ARN_LIKE:
            return any(matches_arn(value, one) for value in self.values for one in given)
        return any(one in self.values for one in given)


def parse_conditions(element: object) -> tuple[Condition, ...]:
    """Parse and validate a Condition element. Raises: ConditionError if it cannot be evaluated."""
    if not isinstance(element, Mapping):
        raise ConditionError("Condition must be an object")
    found: list[Condition] = []
    for operator, tests in element.items():
        if not isinstance(tests, Mapping):
            raise ConditionError(f"the condition {operator} must be an object of keys")
        found += [_parse(str(operator), str(key).lower(), _texts(values)) for key, values in tests.items()]
    return tuple(found)


def all_hold(conditions: Sequence[Condition], context: Context) -> bool:
    """Return whether every condition holds."""
    return all(condition.holds(context) for condition in conditions)


def _parse(operator: str, key: str, values: tuple[str, ...]) -> Condition:
    if operator not in (EQUALS, ARN_LIKE, BOOL, NULL):
        judged = f"{EQUALS}, {ARN_LIKE}, {BOOL} and {NULL}"
        raise ConditionError(f"the l3kit sandbox judges {judged}, not the condition {operator}")
    if not is_known(key):
        raise ConditionError(f"the l3kit sandbox cannot evaluate the condition key {key}")
    if any("${" in value for value in values):
        raise ConditionError("the l3kit sandbox cannot judge variables")
    if operator in (EQUALS, ARN_LIKE):
        return Condition(operator, key, values)
    booleans = tuple(value.lower() for value in values)
    if not set(booleans) <= _BOOLEANS or (operator == NULL and len(booleans) != 1):
        raise ConditionError(f"{', '.join(values)!r} is not a value for {operator}")
    return Condition(operator, key, booleans)


def _texts(values: Any) -> tuple[str, ...]:
    its = values if isinstance(values, list) else [values]
    if not its or not all(isinstance(one, str | bool) for one in its):
        raise ConditionError("a condition's values must be texts or booleans")
    return tuple(str(one).lower() if isinstance(one, bool) else one for one in its)
