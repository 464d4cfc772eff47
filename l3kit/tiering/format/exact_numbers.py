"""JSON with exact numbers: whole ones as int, others as Decimal, no digit lost. Pure."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

MAX_INT_DIGITS = 4300
"""Python turns no more digits into an int; a longer whole number becomes a Decimal of the same digits."""


def exact_loads(text: bytes) -> Any:
    """An item of chunk JSON, or an array of items.

    Raises: ValueError where it is no JSON, is nested too deeply, or has a number that no Decimal holds.
    """
    try:
        return json.loads(text, parse_float=Decimal, parse_int=_whole)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ArithmeticError:
        raise ValueError("it has a number that cannot be read") from None


def _whole(text: str) -> int | Decimal:
    return int(text) if len(text) <= MAX_INT_DIGITS else Decimal(text)
