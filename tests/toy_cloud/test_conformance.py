"""Toybox passes the suite that l3kit ships, as a cloud of another package would use it."""

from __future__ import annotations

import pytest

from l3kit.conformance import Backend, HotStoreSuite, JournalStoreSuite, ObjectStoreSuite


class TestToyHotStore(HotStoreSuite):
    """All of its cases."""


class TestToyJournalStore(JournalStoreSuite):
    """All of its cases."""


class TestToyObjectStore(ObjectStoreSuite):
    """All of its cases."""

    @pytest.mark.slow
    def test_a_listing_of_more_than_one_page_is_whole(self, backend: Backend) -> None:
        super().test_a_listing_of_more_than_one_page_is_whole(backend)

    @pytest.mark.parametrize("size", [0, 3, pytest.param(20_000_001, marks=pytest.mark.slow)])
    def test_large_content_is_streamed_and_its_digest_compared(self, backend: Backend, size: int) -> None:
        super().test_large_content_is_streamed_and_its_digest_compared(backend, size)
