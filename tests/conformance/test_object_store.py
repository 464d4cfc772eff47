"""The object stores pass their suite; what takes seconds is run with the long tests."""

from __future__ import annotations

import pytest

from l3kit.conformance import Backend, ObjectStoreSuite
from tests.conformance.backends import BACKENDS

PAGES = [pytest.param(name, marks=[pytest.mark.slow] * (name in ("aws", "azure", "gcp"))) for name in BACKENDS]
SIZES = [0, 3, 8 * 1024 * 1024, pytest.param(20_000_001, marks=pytest.mark.slow)]


class TestObjectStore(ObjectStoreSuite):
    """On every backend."""

    @pytest.mark.parametrize("backend", PAGES, indirect=True)
    def test_a_listing_of_more_than_one_page_is_whole(self, backend: Backend) -> None:
        super().test_a_listing_of_more_than_one_page_is_whole(backend)

    @pytest.mark.parametrize("size", SIZES)
    def test_large_content_is_streamed_and_its_digest_compared(self, backend: Backend, size: int) -> None:
        super().test_large_content_is_streamed_and_its_digest_compared(backend, size)
