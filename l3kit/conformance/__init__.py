"""The test cases that every cloud must pass, as classes for pytest; `docs/how-to/new_cloud.md` describes their use.

No other part of l3kit imports this package: l3kit runs without pytest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from l3kit.late_imports import lazy_exports

if TYPE_CHECKING:
    from l3kit.conformance.backend import Backend
    from l3kit.conformance.hot_store import HotStoreSuite
    from l3kit.conformance.journal_store import JournalStoreSuite
    from l3kit.conformance.object_store import ObjectStoreSuite
    from l3kit.conformance.writers import Writer, WriterSuite

__all__ = ["Backend", "HotStoreSuite", "JournalStoreSuite", "ObjectStoreSuite", "Writer", "WriterSuite"]
_CASES = (
    *("hot_items", "hot_creates", "hot_deletes", "hot_store", "journal_store"),
    *("object_bodies", "large_objects", "object_copies", "object_versions", "object_store", "writers"),
)
pytest.register_assert_rewrite(*(f"{__name__}.{module}" for module in _CASES))  # a failed case shows its values
_PLACES = {
    "Backend": f"{__name__}.backend",
    "HotStoreSuite": f"{__name__}.hot_store",
    "JournalStoreSuite": f"{__name__}.journal_store",
    "ObjectStoreSuite": f"{__name__}.object_store",
    "Writer": f"{__name__}.writers",
    "WriterSuite": f"{__name__}.writers",
}
__getattr__ = lazy_exports(__name__, _PLACES)
