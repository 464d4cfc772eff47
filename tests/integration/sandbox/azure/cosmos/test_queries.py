"""Queries and their pages."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.sandbox.azure.cosmos.items import fill

pytestmark = pytest.mark.sandbox


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM c",
        "SELECT c.id FROM c ORDER BY c.id",
        "SELECT c.id FROM thing c WHERE c.id < 'x' OR c.id > 'a' ORDER BY c.id DESC",
        "SELECT r.id FROM root r WHERE r.note != ' ORDER BY WHERE '",
        "select c.id from c where c.id in ('a','b') order by c.id",
    ],
)
def test_a_query_sees_its_own_partition_only(container: Any, query: str) -> None:
    fill(container, "a", "b", note="n")
    fill(container, "a", "c", pk='o"ther', note="n")
    found = container.query_items(query, partition_key="d")
    assert sorted(item["id"] for item in found) == ["a", "b"]
    assert list(container.query_items(query, partition_key="nobody")) == []


def test_a_query_without_a_partition_key_sees_all(container: Any) -> None:
    fill(container, "a")
    fill(container, "b", pk="e")
    assert sorted(item["id"] for item in container.read_all_items()) == ["a", "b"]
    found = container.query_items("SELECT VALUE c.id FROM c", enable_cross_partition_query=True)
    assert sorted(found) == ["a", "b"]


@pytest.mark.parametrize(
    "order", ["", *(pytest.param(f" ORDER BY c.id{way}", marks=pytest.mark.slow) for way in ("", " DESC"))]
)
def test_pages_hold_every_item_once_though_items_are_rewritten_and_deleted_meanwhile(
    container: Any, order: str
) -> None:
    names = [f"{n:02d}" for n in range(70)]
    fill(container, *names)
    fill(container, *names[:30], pk="e")
    fill(container, *names[::3], n=2)
    seen: list[str] = []
    continuation = None
    for page in range(100):
        pages = container.query_items(
            "SELECT c.id FROM c WHERE c.id >= @low" + order,
            parameters=[{"name": "@low", "value": "05"}],
            partition_key="d",
            max_item_count=9,
        ).by_page(continuation)
        found = [item["id"] for item in next(pages)]
        assert 0 < len(found) <= 9
        seen += found
        continuation = pages.continuation_token
        if not continuation:
            break
        fill(container, seen[0], n=page + 3)
        container.delete_item(seen[-1], "d")
    assert sorted(seen) == names[5:]
    if order:
        assert seen == sorted(seen, reverse="DESC" in order)


def test_a_page_ends_at_4_megabytes(container: Any) -> None:
    fill(container, *"abcdefgh", text="x" * 1_000_000)
    pages = container.query_items("SELECT * FROM c ORDER BY c.id", partition_key="d", max_item_count=1000).by_page()
    sizes = [len(list(page)) for page in pages]
    assert sum(sizes) == 8
    assert max(sizes) <= 4
