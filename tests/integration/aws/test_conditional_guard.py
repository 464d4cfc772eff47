"""DynamoDB's other way to leave rewritten items alone: a conditional delete for each item."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from l3kit.sandbox import SandboxState
from l3kit.tiering.ports import HotStore
from tests.conformance import backends
from tests.conformance.test_hot_store import END, item, use

pytestmark = pytest.mark.sandbox


@pytest.fixture
def using(sandbox: SandboxState, aws: Callable[[str], Any]) -> Callable[[Callable[[HotStore], Awaitable[None]]], None]:
    backend = backends.aws(sandbox, aws, "conditional")
    return lambda steps: use(backend, steps)


def test_what_was_rewritten_stays_and_the_rest_of_the_page_goes(using: Any) -> None:
    more = item("c", v=1, added=True)

    async def steps(store: HotStore) -> None:
        await store.put_items("d", [item(name, v=1) for name in "abcd"])
        page = await store.read_page("d", before=END)
        await store.put_items("d", [item("b", v=2), more])
        assert sorted(await store.delete_page(page, ["a", "b", "c"])) == ["b", "c"]
        left = await store.read_page("d", before=END)
        wanted = [item("b", v=2), more, item("d", v=1)]
        assert [json.loads(one) for one in left.items] == [json.loads(one) for one in wanted]
        assert store.usage.requests["conditional_delete"] == 3
        assert store.usage.requests["put_back"] == 1

    using(steps)


def test_without_the_items_nothing_is_deleted(using: Any) -> None:
    async def steps(store: HotStore) -> None:
        await store.put_items("d", [item(name) for name in "ab"])
        page = await store.read_page("d", before=END)
        assert await store.delete_page(replace(page, items=[]), ["a", "b"]) == ["a", "b"]
        assert (await store.read_page("d", before=END)).sort_keys == ["a", "b"]

    using(steps)


def test_it_asks_before_each_item(using: Any) -> None:
    async def steps(store: HotStore) -> None:
        await store.put_items("d", [item(name) for name in "abc"])
        page = await store.read_page("d", before=END)
        asked: list[bool] = []
        assert await store.delete_page(page, page.sort_keys, check=lambda: asked.append(True)) == []
        assert len(asked) == 3

    using(steps)
