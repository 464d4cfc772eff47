"""The hot stores pass their suite."""

from __future__ import annotations

from l3kit.conformance import HotStoreSuite


class TestHotStore(HotStoreSuite):
    """On every backend."""
