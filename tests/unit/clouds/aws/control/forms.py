"""Requests held against the definitions of AWS's own services, as botocore has them."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator


@cache
def _shape(service: str, operation: str) -> Any:
    model = ServiceModel(Loader().load_service_model(service, "service-2"))
    return model.operation_model(operation).input_shape


def problems_with(service: str, operation: str, parameters: dict[str, Any]) -> str:
    """What AWS's definition of the operation forbids in these parameters; empty if nothing."""
    return str(ParamValidator().validate(parameters, _shape(service, operation)).generate_report())


def check_values(service: str, operation: str, parameters: dict[str, Any]) -> None:
    """Check also enumerations and patterns, which botocore's validator leaves to the service."""
    assert problems_with(service, operation, parameters) == ""
    shape = _shape(service, operation)
    for name, value in parameters.items():
        member = shape.members[name]
        if allowed := getattr(member, "enum", None):
            assert value in allowed, (name, value)
        if pattern := member.metadata.get("pattern"):
            assert re.fullmatch(pattern, str(value)), (name, value)
        for bound, fits in (("min", lambda a, b: a >= b), ("max", lambda a, b: a <= b)):
            limit = member.metadata.get(bound)
            size = value if isinstance(value, int | float) else len(value)
            assert limit is None or fits(size, limit), (name, value, bound)
