"""The journal stores pass their suite."""

from __future__ import annotations

from l3kit.conformance import JournalStoreSuite


class TestJournalStore(JournalStoreSuite):
    """On every backend."""
