"""A sender, and a server on loopback that answers it."""

from __future__ import annotations

from tests.support.wire_fixtures import chunk, served, server, waits, writer

__all__ = ["chunk", "served", "server", "waits", "writer"]
