"""Fixtures for a sender and a loopback server that answers it, imported by the conftest of each folder."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from l3kit.tiering.format.chunks import Chunk
from l3kit.tiering.tokens import Secret
from l3kit.tiering.transfer.sender import Writer
from tests.support.wire_server import LINK, TOKEN, Server, Waits, chunk_of, item, serving


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as state:
        yield state


@pytest.fixture
def served(server: Server) -> Callable[[Any], Server]:
    """Put one of the product's writers behind the server."""

    def serve(writer: Any) -> Server:
        server.answer = lambda request: asyncio.run(writer.handle(request))
        return server

    return serve


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def writer(server: Server, waits: Waits) -> Iterator[Writer]:
    """A sender to the server with the right token, without real waiting."""
    sender = Writer(server.url, Secret(TOKEN), LINK, sleep=waits, jitter=lambda: 0.0)
    yield sender
    sender.close()


@pytest.fixture
def chunk() -> Chunk:
    return chunk_of([item(minute) for minute in range(3)])
