"""JSON parsing with exact numbers: integers as int, others as Decimal. No I/O."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

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
