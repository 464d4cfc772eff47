"""JSON with exact numbers, integers as int and others as Decimal. No I/O."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

import orjson

MAX_INT_DIGITS = 4300
"""Python's limit for int(); a longer integer becomes a Decimal with the same digits."""


def exact_loads(text: bytes) -> Any:
    """Parse an item of chunk JSON, or an array of items.

    Raises: ValueError if it is not JSON, is nested too deeply, or has a number that no Decimal can hold.
    """
    try:
        return json.loads(text, parse_float=Decimal, parse_int=_whole)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ArithmeticError:
        raise ValueError("it has a number that cannot be read") from None


def _whole(text: str) -> int | Decimal:
    return int(text) if len(text) <= MAX_INT_DIGITS else Decimal(text)


def exact_dumps(value: Any) -> bytes:
    """Encode what `exact_loads` returns as JSON, with the exact values of its numbers.

    Raises: ValueError for a number that is not finite; TypeError for what JSON lacks.
    """
    return orjson.dumps(_written(value))


def _written(value: Any) -> Any:
    if (isinstance(value, Decimal) and not value.is_finite()) or (type(value) is float and not math.isfinite(value)):
        raise ValueError(f"{value} is not a finite number")
    if isinstance(value, Decimal) or (type(value) is int and not -(2**63) <= value < 2**64):
        return orjson.Fragment(str(value))
    if isinstance(value, dict):
        return {name: _written(entry) for name, entry in value.items()}
    return [_written(entry) for entry in value] if isinstance(value, list) else value
