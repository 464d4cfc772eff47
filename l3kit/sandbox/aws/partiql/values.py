"""Validation of attribute values in wire form, as DynamoDB does it before parsing a statement."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

KINDS = frozenset(("S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"))
MAX_DIGITS = 38
EXPONENTS = range(-130, 126)
"""Exponents of a number's first digit. Source, as for the digits: DynamoDB developer guide, "Supported data types"."""
MAX_LEVELS = 32
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,6})?", re.ASCII)


def problem_with(value: Any, level: int = 1) -> str | None:
    """DynamoDB's error message for an invalid value; None for a valid one."""
    if type(value) is dict and len(value) == 1:  # nearly all are texts and numbers, and a batch has hundreds
        ((only, scalar),) = value.items()
        if only in ("S", "N") and type(scalar) is str:
            return _problem_with_number(scalar) if only == "N" else None
    kinds = [kind for kind in value if kind in KINDS] if isinstance(value, Mapping) else []
    if len(kinds) != 1:
        problem = "has more than one datatypes set" if kinds else "is empty"
        return f"Supplied AttributeValue {problem}, must contain exactly one of the supported datatypes"
    (kind,) = kinds
    content = value[kind]
    if kind in ("L", "M"):
        return _problem_with_entries(content, kind, level)
    if kind in ("SS", "NS", "BS"):
        return _problem_with_set(content, kind[0])
    if kind in ("BOOL", "NULL"):
        if not isinstance(content, bool):
            return f"Unexpected token received from parser: {kind} must be true or false"
        if kind == "NULL" and not content:
            return _invalid("Null attribute value types must have the value of true")
        return None
    return _problem_with_scalar(content, kind)


def _problem_with_entries(content: Any, kind: str, level: int) -> str | None:
    if not isinstance(content, Mapping if kind == "M" else list):
        return f"Unexpected value type in payload: {kind}"
    if level >= MAX_LEVELS:
        return (
            "Nesting Levels have exceeded supported limits: "
            "Attributes in the item have nested levels beyond supported limit"
        )
    if kind == "M" and "" in content:
        return "Empty attribute name"
    entries = content.values() if isinstance(content, Mapping) else content
    return next(filter(None, (problem_with(entry, level + 1) for entry in entries)), None)


def _problem_with_set(content: Any, kind: str) -> str | None:
    if not isinstance(content, list):
        return f"Unexpected value type in payload: {kind}S"
    if not content:
        return _invalid(f"An {({'S': 'string', 'N': 'number', 'B': 'binary'})[kind]} set may not be empty")
    problem = next(filter(None, (_problem_with_scalar(member, kind) for member in content)), None)
    if problem is None and len({Decimal(each) if kind == "N" else each for each in content}) < len(content):
        return _invalid(f"Input collection [{', '.join(content)}] contains duplicates")
    return problem


def _problem_with_scalar(content: Any, kind: str) -> str | None:
    if not isinstance(content, str):
        return f"Unexpected value type in payload: {kind}"
    if kind == "N":
        return _problem_with_number(content)
    if kind == "B":
        try:
            base64.b64decode(content, validate=True)
        except binascii.Error:
            return _invalid("A binary value is not valid base64")
    return None


def _problem_with_number(text: str) -> str | None:
    if not _NUMBER.fullmatch(text):
        return "A value provided cannot be converted into a number"
    if len(text) <= MAX_DIGITS and "e" not in text and "E" not in text:
        return None  # too short for too many digits or, without an exponent, for a magnitude out of range
    number = Decimal(text)
    if not number:
        return None
    if len("".join(map(str, number.as_tuple().digits)).strip("0")) > MAX_DIGITS:
        return f"DynamoDB only supports precision up to {MAX_DIGITS} digits"
    if number.adjusted() not in EXPONENTS:
        words = ("overflow", "larger") if number.adjusted() > 0 else ("underflow", "smaller")
        return f"Number {words[0]}. Attempting to store a number with magnitude {words[1]} than supported range"
    return None


def _invalid(what: str) -> str:
    return f"One or more parameter values were invalid: {what}"
