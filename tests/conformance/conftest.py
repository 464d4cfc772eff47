"""Fixture that runs every case against every backend, including the in-memory reference."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from l3kit.conformance import Backend
from tests.conformance import backends
from tests.conformance.backends import BACKENDS


@pytest.fixture(params=[pytest.param(n, marks=[pytest.mark.sandbox] if n != "memory" else []) for n in BACKENDS])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """The store factories of one backend."""
    name: str = request.param
    if name == "memory":
        yield backends.memory()
    elif name == "dynamodb_local":
        assert backends.FOREIGN
        yield backends.dynamodb_local(backends.FOREIGN)
    elif name == "aws":
        yield backends.aws(request.getfixturevalue("sandbox"), request.getfixturevalue("aws"))
    else:
        make = {"azure": backends.azure, "gcp": backends.gcp}[name]
        yield make(request.getfixturevalue("all_clouds"))
