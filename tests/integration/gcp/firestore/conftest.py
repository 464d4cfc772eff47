"""The sandbox's Firestore with faults in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.firestore_backend import running_server
from tests.integration.gcp.firestore.faults import Faults


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, Faults]]:
    faults = Faults()
    with running_server(faults) as address:
        yield address, faults


@pytest.fixture
def address(server: tuple[str, Faults]) -> str:
    return server[0]


@pytest.fixture
def faults(server: tuple[str, Faults]) -> Faults:
    server[1].__init__()  # type: ignore[misc]
    return server[1]
