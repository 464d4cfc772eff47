"""Field transforms: values that the server computes from what is stored."""

from __future__ import annotations

import math
from typing import Any

from l3kit.sandbox.gcp.firestore import fields, values
from l3kit.sandbox.gcp.firestore.messages import Value, timestamp
from l3kit.sandbox.gcp.firestore.refusal import invalid

_INTEGERS = (-(2**63), 2**63 - 1)


def apply(held: Any, transform: Any, at: int) -> Any:
    """Change the fields `held` and return the transform's result. `at`: microseconds since 1970."""
    path = fields.parse_writable(transform.field_path)
    current = fields.get(held, path)
    kind = transform.WhichOneof("transform_type")
    if kind == "set_to_server_value":
        new = result = Value(timestamp_value=timestamp(at - at % 1000))  # milliseconds, as documented
    elif kind in ("increment", "maximum", "minimum"):
        new = result = _number(kind, current, getattr(transform, kind))
    elif kind == "append_missing_elements":
        new, result = _appended(current, transform.append_missing_elements), Value(null_value=0)
    elif kind == "remove_all_from_array":
        new, result = _removed(current, transform.remove_all_from_array), Value(null_value=0)
    else:
        raise invalid("a transform says nothing")
    fields.put(held, path, new)
    return result


def _number(kind: str, current: Any | None, operand: Any) -> Any:
    if not _is_number(operand):
        raise invalid(f"the operand of {kind} is no number")
    if current is None or not _is_number(current):
        return operand
    if kind == "increment":
        return _sum(current, operand)
    one, other = _plain(current), _plain(operand)
    if math.isnan(one) or math.isnan(other):
        return Value(double_value=math.nan)
    takes_operand = other > one if kind == "maximum" else other < one
    return _copy(operand if takes_operand else current)


def _sum(current: Any, operand: Any) -> Any:
    if current.HasField("integer_value") and operand.HasField("integer_value"):
        low, high = _INTEGERS
        return Value(integer_value=min(max(current.integer_value + operand.integer_value, low), high))
    return Value(double_value=float(_plain(current)) + float(_plain(operand)))


def _appended(current: Any | None, new: Any) -> Any:
    result = _copy(current) if current is not None and current.HasField("array_value") else Value()
    result.array_value.SetInParent()
    known = [values.order(value) for value in result.array_value.values]
    for value in new.values:
        if values.order(value) not in known:
            known.append(values.order(value))
            result.array_value.values.append(value)
    return result


def _removed(current: Any | None, unwanted: Any) -> Any:
    result = Value()
    result.array_value.SetInParent()
    if current is not None and current.HasField("array_value"):
        gone = [values.order(value) for value in unwanted.values]
        result.array_value.values.extend(v for v in current.array_value.values if values.order(v) not in gone)
    return result


def _is_number(value: Any) -> bool:
    return value.WhichOneof("value_type") in ("integer_value", "double_value")


def _plain(value: Any) -> int | float:
    number: int | float = value.integer_value if value.HasField("integer_value") else value.double_value
    return number


def _copy(value: Any) -> Any:
    copy = Value()
    copy.CopyFrom(value)
    return copy
