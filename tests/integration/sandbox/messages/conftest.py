"""A device that publishes to the sandbox's broker."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from l3kit.sandbox import SandboxState
from l3kit.sandbox.messages.client import start_broker
from tests.integration.sandbox.messages.device import Device, connected


@pytest.fixture(scope="session")
def broker(sandbox: SandboxState) -> tuple[str, int]:
    host, _, port = start_broker(sandbox.gateway).partition(":")
    return host, int(port)


@pytest.fixture
def device(broker: tuple[str, int]) -> Iterator[Device]:
    with connected(broker) as device:
        yield device


@pytest.fixture
def twin() -> str:
    """A twin's name of its own for each test."""
    return f"twin-{uuid.uuid4().hex[:8]}"
