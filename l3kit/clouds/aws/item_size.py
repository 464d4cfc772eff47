"""An item's size as DynamoDB bills it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from l3kit.clouds.aws.data.items import to_wire


def billed_bytes(item: bytes) -> int:
    """Return the size without storage overhead: names and values, numbers by their digits.

    Args:
        item: as JSON.
    """
    wire: dict[str, Any] = to_wire(item)
    return sum(len(name.encode()) + _value_bytes(value) for name, value in wire.items())


def _value_bytes(value: Mapping[str, Any]) -> int:
    kind, content = next(iter(value.items()))
    match kind:
        case "S":
            return len(str(content).encode())
        case "N":
            digits = str(content).upper().partition("E")[0].replace(".", "").lstrip("-").strip("0")
            return (len(digits) + 1) // 2 + 1 + str(content).startswith("-")
        case "B":
            return len(str(content)) * 3 // 4
        case "BOOL" | "NULL":
            return 1
        case "L":
            return 3 + sum(1 + _value_bytes(entry) for entry in content)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _value_bytes(entry) for name, entry in content.items())
        case _:
            return sum(_value_bytes({kind[0]: entry}) for entry in content)
