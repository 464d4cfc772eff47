"""A query's `where`: which documents match."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from google.cloud.firestore_v1 import types

from l3kit.sandbox.gcp.firestore import fields, names, values
from l3kit.sandbox.gcp.firestore.messages import Value
from l3kit.sandbox.gcp.firestore.refusal import invalid

Test = Callable[[Any], bool]
"""Whether a document matches."""
Key = tuple[Any, ...]

_Field = types.StructuredQuery.FieldFilter.Operator
_Unary = types.StructuredQuery.UnaryFilter.Operator
_Composite = types.StructuredQuery.CompositeFilter.Operator
_NULL: Key = (0,)
_NAN: Key = (values.NAN,)
_RANGES: dict[int, Callable[[Key, Key], bool]] = {
    _Field.LESS_THAN: lambda one, other: one < other,
    _Field.LESS_THAN_OR_EQUAL: lambda one, other: one <= other,
    _Field.GREATER_THAN: lambda one, other: one > other,
    _Field.GREATER_THAN_OR_EQUAL: lambda one, other: one >= other,
}
_INEQUALITIES = frozenset({*_RANGES, _Field.NOT_EQUAL, _Field.NOT_IN})


def read(document: Any, path: fields.Path) -> Any | None:
    """The value of a field, or of `__name__`, as a query sees it; None where there is none."""
    if path == (fields.NAME,):
        return Value(reference_value=document.name)
    return fields.get(document.fields, path)


def compile_filter(where: Any) -> Test:
    """The test for a `Filter`. Raises: CallRefusedError where it makes no sense."""
    kind = where.WhichOneof("filter_type")
    if kind == "composite_filter":
        tests = [compile_filter(one) for one in where.composite_filter.filters]
        if not tests:
            raise invalid("a composite filter is empty")
        if where.composite_filter.op == _Composite.AND:
            return lambda document: all(test(document) for test in tests)
        if where.composite_filter.op == _Composite.OR:
            return lambda document: any(test(document) for test in tests)
        raise invalid("a composite filter has no operator")
    if kind == "field_filter":
        return _field_test(where.field_filter)
    if kind == "unary_filter":
        return _unary_test(where.unary_filter)
    raise invalid("a filter is empty")


def inequality_fields(where: Any) -> Iterator[fields.Path]:
    """The fields by which the result must be ordered."""
    kind = where.WhichOneof("filter_type")
    if kind == "composite_filter":
        for one in where.composite_filter.filters:
            yield from inequality_fields(one)
    elif kind == "field_filter" and where.field_filter.op in _INEQUALITIES:
        yield fields.parse(where.field_filter.field.field_path)
    elif kind == "unary_filter" and where.unary_filter.op in (_Unary.IS_NOT_NAN, _Unary.IS_NOT_NULL):
        yield fields.parse(where.unary_filter.field.field_path)


def _field_test(one: Any) -> Test:
    path = fields.parse(one.field.field_path)
    if path == (fields.NAME,):
        _check_names(one.value)
    test = _key_test(one.op, one.value)

    def matches(document: Any) -> bool:
        value = read(document, path)
        return value is not None and test(value)

    return matches


def _key_test(op: int, operand: Any) -> Test:
    wanted = values.order(operand)
    if op == _Field.EQUAL:
        return lambda value: values.order(value) == wanted
    if op == _Field.NOT_EQUAL:
        return lambda value: values.order(value) not in (wanted, _NULL)
    if op in _RANGES:
        compare = _RANGES[op]
        return lambda value: (found := values.order(value))[0] == wanted[0] and compare(found, wanted)
    if op == _Field.ARRAY_CONTAINS:
        return lambda value: any(values.order(entry) == wanted for entry in value.array_value.values)
    if op not in (_Field.IN, _Field.NOT_IN, _Field.ARRAY_CONTAINS_ANY):
        raise invalid("a field filter has no operator")
    if not operand.array_value.values:
        raise invalid("IN, NOT_IN and ARRAY_CONTAINS_ANY need an array with at least one value")
    some = [values.order(entry) for entry in operand.array_value.values]
    if op == _Field.IN:
        return lambda value: values.order(value) in some
    if op == _Field.NOT_IN:
        return lambda value: _NULL not in some and values.order(value) not in [*some, _NULL]
    return lambda value: any(values.order(entry) in some for entry in value.array_value.values)


def _unary_test(one: Any) -> Test:
    path = fields.parse(one.field.field_path)
    if one.op not in (_Unary.IS_NAN, _Unary.IS_NULL, _Unary.IS_NOT_NAN, _Unary.IS_NOT_NULL):
        raise invalid("a unary filter has no operator")
    wanted = _NAN if one.op in (_Unary.IS_NAN, _Unary.IS_NOT_NAN) else _NULL
    positive = one.op in (_Unary.IS_NAN, _Unary.IS_NULL)

    def matches(document: Any) -> bool:
        value = read(document, path)
        if value is None:
            return False
        found = values.order(value)
        return found == wanted if positive else found not in (wanted, _NULL)

    return matches


def _check_names(value: Any) -> None:
    for one in value.array_value.values or [value]:
        if not one.HasField("reference_value"):
            raise invalid("__name__ can only be compared with references")
        names.check_reference(one.reference_value)
