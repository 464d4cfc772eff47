"""Contract of every hot store for deletes: only the version that was read is deleted."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from l3kit.conformance.backend import Backend, Suite
from l3kit.conformance.hot_items import END, MANY, VALUES, delete, item, keys, read_all, use
from l3kit.tiering.ports import HotStore

REWRITES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "changed": ({"v": 1}, {"v": 2}),
    "of another type": ({"v": 1}, {"v": "1"}),
    "changed inside": ({"v": {"a": [1, {"b": None}]}}, {"v": {"a": [1, {"b": ""}]}}),
    "removed": ({"v": 1, "w": None}, {"v": 1}),
    "gained": ({"v": 1}, {"v": 1, "added": True}),
    "gained by the key alone": ({}, {"added": True}),
    "one of hundreds": (MANY, {**MANY, "attribute_299": -1}),
    "one more than hundreds": (MANY, {**MANY, "added": True}),
}


class HotDeletesSuite(Suite):
    """Deletes of a hot store; `HotStoreSuite` includes them."""

    def test_deletes_take_exactly_the_named_items(self, backend: Backend) -> None:
        names = [f"{n:03d}" for n in range(120)]

        async def steps(store: HotStore) -> None:
            await store.put_items("d", [item(name) for name in names])
            await delete(store, names[10:110])
            await delete(store, names[10:110])
            await delete(store, [])
            assert keys(await read_all(store)) == names[:10] + names[110:]

        use(backend, steps)

    def test_items_of_a_device_are_deleted_by_key_whatever_they_hold(self, backend: Backend) -> None:
        names = [f"{n:03d}" for n in range(120)]

        async def steps(store: HotStore) -> None:
            for device in ("d", "dd", "d/d"):
                await store.put_items(device, [item(name, device) for name in names])
            await store.delete_items("d", names[:60])
            await store.put_items("d", [item(names[60], rewritten=True)])
            await store.delete_items("d", [*names[:100], names[99], "missing"])
            await store.delete_items("d", [])
            assert keys(await read_all(store)) == names[100:]
            for other in ("dd", "d/d"):
                assert keys(await read_all(store, other)) == names

        use(backend, steps)

    def test_a_page_can_be_deleted_twice(self, backend: Backend) -> None:
        async def steps(store: HotStore) -> None:
            await store.put_items("d", [item(name) for name in "abcdef"])
            page = await store.read_page("d", before=END)
            assert await store.delete_page(page, list("bcd")) == []
            assert await store.delete_page(page, []) == []
            await store.delete_page(page, list("bcd"))
            assert keys(await read_all(store)) == list("aef")

        use(backend, steps)

    @pytest.mark.parametrize("name", REWRITES)
    def test_what_was_rewritten_since_its_page_was_read_is_left(self, backend: Backend, name: str) -> None:
        old, new = REWRITES[name]

        async def steps(store: HotStore) -> None:
            await store.put_items("d", [item(key, **old) for key in "abcz"])
            page = await store.read_page("d", before="m")
            await store.put_items("d", [item("b", **new)])
            left = await store.delete_page(replace(page, items=[]), page.sort_keys)
            assert {"b"} <= set(left) <= {"a", "b", "c"}
            await delete(store, [key for key in left if key != "b"])
            rest = await store.read_page("d", before=END)
            assert rest.sort_keys == ["b", "z"]
            assert json.loads(rest.items[0]) == json.loads(item("b", **new))

        use(backend, steps)

    def test_a_page_of_items_of_many_kinds_is_deleted(self, backend: Backend) -> None:
        kinds: list[dict[str, Any]] = [{}, {"value": None}, MANY, *({"value": value} for value in VALUES.values())]
        kinds += [{name: 1} for name in ("dot.ted", "a b", 'quo"te', "select", "ünï🌡", "x" * 200)]

        async def steps(store: HotStore) -> None:
            names = [f"{n:03d}" for n in range(60)]
            await store.put_items("d", [item(key, **kinds[n % len(kinds)]) for n, key in enumerate(names)])
            for page in await read_all(store):
                assert await store.delete_page(page, page.sort_keys) == []
            assert keys(await read_all(store)) == []

        use(backend, steps)

    def test_an_item_that_was_deleted_and_written_anew_is_not_taken_for_the_one_that_was_read(
        self, backend: Backend
    ) -> None:
        async def steps(store: HotStore) -> None:
            await store.put_items("d", [item(name, v=1) for name in "abc"])
            page = await store.read_page("d", before=END)
            await delete(store, "b")
            await store.put_items("d", [item("b", v=2)])
            assert "b" in await store.delete_page(page, ["b"])
            assert keys(await read_all(store)) == list("abc")

        use(backend, steps)

    def test_what_is_added_to_a_pages_range_is_not_deleted_with_it(self, backend: Backend) -> None:
        async def steps(store: HotStore) -> None:
            await store.put_items("d", [item(name) for name in "ac"])
            page = await store.read_page("d", before=END)
            await store.put_items("d", [item("b")])
            await store.delete_page(page, page.sort_keys)
            await delete(store, page.sort_keys)
            assert keys(await read_all(store)) == ["b"]

        use(backend, steps)

    def test_a_delete_asks_before_each_request_and_stops_where_it_may_not_go_on(self, backend: Backend) -> None:
        class Refusal(Exception):
            pass

        async def steps(store: HotStore) -> None:
            names = [f"{n:03d}" for n in range(60)]
            await store.put_items("d", [item(name) for name in names])

            def refuse() -> None:
                raise Refusal

            page = await store.read_page("d", before=END)
            with pytest.raises(Refusal):
                await store.delete_page(page, page.sort_keys[:2], check=refuse)
            assert len(keys(await read_all(store))) == 60
            asked: list[bool] = []
            await delete(store, names, check=lambda: asked.append(True))
            assert asked
            assert keys(await read_all(store)) == []

        use(backend, steps)

    def test_many_deletes_at_once_on_several_devices_finish(self, backend: Backend) -> None:
        async def steps(store: HotStore) -> None:
            names = [f"{n:04d}" for n in range(300)]
            devices = ["a", "b", "c"]
            await asyncio.gather(*(store.put_items(d, [item(name, d) for name in names]) for d in devices))
            await asyncio.gather(*(delete(store, names, d) for d in devices))
            for device in devices:
                assert keys(await read_all(store, device)) == []

        use(backend, steps)
