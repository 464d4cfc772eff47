"""Every case runs against every backend; one without emulators is the reference."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance import backends
from tests.conformance.backends import Backend
from tests.integration.conftest import aws, sandbox  # noqa: F401 (fixtures)


@pytest.fixture(params=["memory", pytest.param("aws", marks=pytest.mark.sandbox)])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """The stores of one backend, made empty by each call."""
    if request.param == "memory":
        yield backends.memory()
    else:
        yield backends.aws(request.getfixturevalue("sandbox"), request.getfixturevalue("aws"))
