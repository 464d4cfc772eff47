"""Conditions of config_events.json: parsed once, then evaluated on items. No I/O; evaluation never raises.

docs/reference/configuration.md describes the form and how values compare.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Value = str | int | Decimal
"""A comparable value: text or a number."""

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
_BLANK = re.compile(r"\s*")
_CONSTANT = re.compile(r"(DOUBLE|INTEGER|STRING)\(([^()]*)\)")
_WORD = re.compile(r"[^\s<>=!()]+")
_OPERATOR = re.compile("|".join(_OPERATORS))
_DOUBLE = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]{1,4})?")
_INTEGER = re.compile(r"[-+]?[0-9]{1,1000}")
_MAX_CHARACTERS = 2_000


class ConditionError(ValueError):
    """A condition cannot be parsed; the text names the problem, its position, and what is allowed."""


@dataclass(frozen=True, slots=True)
class Property:
    """A value of the item, by the last segment of its path `entity.component.property`."""

    name: str


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison of a property with a constant or with another property.

    Attributes:
        text: as in config_events.json.
    """

    text: str
    left: Property | Value
    sign: str
    right: Property | Value

    def compared(self, item: Mapping[str, Any]) -> tuple[Value, Value] | None:
        """Return the two values if the condition holds for an item, else None.

        Args:
            item: parsed with exact numbers, as `exact_numbers.exact_loads` does.
        """
        left, right = _value(self.left, item), _value(self.right, item)
        if left is None or right is None:
            return None
        if isinstance(left, str) is not isinstance(right, str):
            return (left, right) if self.sign == "!=" else None
        return (left, right) if _OPERATORS[self.sign](left, right) else None


def parse_condition(text: str) -> Condition:
    """Parse a condition. Raises: ConditionError."""
    if len(text) > _MAX_CHARACTERS:
        raise ConditionError(f"is longer than {_MAX_CHARACTERS:,} characters")
    left, at = _operand(text, 0)
    at = _past_blanks(text, at)
    sign = _OPERATOR.match(text, at)
    if sign is None:
        raise ConditionError(f"has no operator {_at(text, at)}; allowed are {' '.join(_OPERATORS)}")
    right, at = _operand(text, sign.end())
    at = _past_blanks(text, at)
    if at < len(text):
        raise ConditionError(f"has more {_at(text, at)} behind its second value; write one comparison per entry")
    if not isinstance(left, Property) and not isinstance(right, Property):
        raise ConditionError("compares two constants; one side must be a path such as entity.component.temperature")
    return Condition(text, left, sign.group(), right)


def _operand(text: str, start: int) -> tuple[Property | Value, int]:
    at = _past_blanks(text, start)
    if found := _CONSTANT.match(text, at):
        return _constant(found[1], found[2], _at(text, at)), found.end()
    word = _WORD.match(text, at)
    if word is None:
        raise ConditionError(
            f"has no value {_at(text, at)}; allowed are a path such as entity.component.temperature, DOUBLE(30), "
            "INTEGER(5) and STRING(x)"
        )
    segments = word.group().split(".")
    if len(segments) < 2 or not all(segments):
        raise ConditionError(
            f"has {word.group()[:60]!r} {_at(text, at)}, which is neither a path such as entity.component.temperature "
            "nor DOUBLE(30), INTEGER(5) or STRING(x)"
        )
    return Property(segments[-1]), word.end()


def _constant(kind: str, content: str, place: str) -> Value:
    if kind == "STRING":
        return content
    number = content.strip()
    if kind == "DOUBLE" and _DOUBLE.fullmatch(number):
        return Decimal(number)
    if kind == "INTEGER" and _INTEGER.fullmatch(number):
        return int(number)
    wanted = "a decimal number" if kind == "DOUBLE" else "a whole number"
    raise ConditionError(f"has {kind}({content[:60]}) {place}, whose content is not {wanted}")


def _value(operand: Property | Value, item: Mapping[str, Any]) -> Value | None:
    """Return the comparable value; None if it is missing, null, an array or an object."""
    if not isinstance(operand, Property):
        return operand
    nested = item.get("telemetry")
    if operand.name not in item and isinstance(nested, Mapping):
        item = nested
    found = item.get(operand.name)
    if isinstance(found, bool):
        return "true" if found else "false"
    return found if isinstance(found, str | int | Decimal) else None


def _past_blanks(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _at(text: str, at: int) -> str:
    return "at its end" if at >= len(text) else f"at character {at + 1}"
