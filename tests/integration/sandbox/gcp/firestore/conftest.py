"""The sandbox's Firestore server, tested with Google's unmodified clients.

L3KIT_FOREIGN_FIRESTORE=host:port runs the cases against another server: @firestore-emulator/server fails 30 of 48
(`python -m tests.programs.foreign_servers`).
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from google.cloud import firestore

from tests.conformance.firestore_backend import running_server


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    foreign = os.environ.get("L3KIT_FOREIGN_FIRESTORE")
    if foreign:
        yield foreign
        return
    with running_server() as own:
        yield own


@pytest.fixture
def db(address: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of a new project."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", address)
    return firestore.Client(project=f"p-{uuid.uuid4().hex[:12]}")
