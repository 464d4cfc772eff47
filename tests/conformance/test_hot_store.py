"""Contract of every hot store."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from l3kit.errors import ItemRefusedError
from l3kit.tiering.ports import HotStore, Page, always
from tests.conformance.backends import Backend

END = "\U0010ffff"


def item(sort_key: str, device: str = "d", **more: Any) -> bytes:
    return json.dumps({"iotDeviceId": device, "id": sort_key, **more}, ensure_ascii=False).encode()


def use(backend: Backend, steps: Callable[[HotStore], Awaitable[None]]) -> None:
    async def run() -> None:
        store = backend.hot()
        try:
            await steps(store)
        finally:
            await store.close()

    asyncio.run(run())


async def read_all(store: HotStore, device: str = "d", before: str = END, since: str | None = None) -> list[Page]:
    pages = [await store.read_page(device, before=before, since=since)]
    while (after := pages[-1].next_after) is not None:
        pages.append(await store.read_page(device, before=before, after=after))
    return pages


def keys(pages: list[Page]) -> list[str]:
    return [key for page in pages for key in page.sort_keys]


async def delete(
    store: HotStore, sort_keys: Sequence[str], device: str = "d", check: Callable[[], None] = always
) -> None:
    """Delete like the mover: read what is left again, and retry."""
    wanted = set(sort_keys)
    for attempt in range(1, 10):
        left: list[str] = []
        for page in await read_all(store, device):
            ours = [key for key in page.sort_keys if key in wanted]
            left += await store.delete_page(page, ours, check=check, attempt=attempt)
        if not left:
            return
    raise AssertionError(f"{left} could not be deleted")


def test_an_unknown_device_is_an_empty_last_page(backend: Backend) -> None:
    async def steps(store: HotStore) -> None:
        page = await store.read_page("nobody", before=END)
        assert (page.sort_keys, page.items, page.next_after) == ([], [], None)
        assert await store.last_item("nobody") is None

    use(backend, steps)


def test_pages_come_in_order_and_hold_every_item_once(backend: Backend) -> None:
    names = [f"2026-01-01T00:{n:02d}:00Z" for n in range(40)]

    async def steps(store: HotStore) -> None:
        await store.put_items("d", [item(name, text="x" * 60_000) for name in reversed(names)])
        await store.put_items("e", [item(names[0], "e")])
        pages = await read_all(store)
        assert len(pages) > 1
        assert keys(pages) == names
        assert [json.loads(i)["id"] for page in pages for i in page.items] == names

    use(backend, steps)


def test_bounds_are_exclusive_before_and_after_and_inclusive_since(backend: Backend) -> None:
    async def steps(store: HotStore) -> None:
        await store.put_items("d", [item(name) for name in "abcdef"])
        assert (await store.read_page("d", before="d")).sort_keys == ["a", "b", "c"]
        assert (await store.read_page("d", before="f", after="b")).sort_keys == ["c", "d", "e"]
        assert (await store.read_page("d", before="e", since="b")).sort_keys == ["b", "c", "d"]
        assert (await store.read_page("d", before="b", since="c")).sort_keys == []
        assert (await store.read_page("d", before=END, since="f\x00")).sort_keys == []
        assert (await store.read_page("d", before="c\x00", since="c")).sort_keys == ["c"]

    use(backend, steps)


def test_a_limit_ends_the_page_and_says_where_to_go_on(backend: Backend) -> None:
    async def steps(store: HotStore) -> None:
        await store.put_items("d", [item(name) for name in "abcde"])
        page = await store.read_page("d", before=END, limit=2)
        assert page.sort_keys == ["a", "b"]
        assert page.next_after is not None
        rest = await store.read_page("d", before=END, after=page.next_after)
        assert rest.sort_keys == ["c", "d", "e"]

    use(backend, steps)


def test_deletes_take_exactly_the_named_items(backend: Backend) -> None:
    names = [f"{n:03d}" for n in range(120)]

    async def steps(store: HotStore) -> None:
        await store.put_items("d", [item(name) for name in names])
        await delete(store, names[10:110])
        await delete(store, names[10:110])
        await delete(store, [])
        assert keys(await read_all(store)) == names[:10] + names[110:]

    use(backend, steps)


def test_a_page_can_be_deleted_twice(backend: Backend) -> None:
    async def steps(store: HotStore) -> None:
        await store.put_items("d", [item(name) for name in "abcdef"])
        page = await store.read_page("d", before=END)
        assert await store.delete_page(page, list("bcd")) == []
        assert await store.delete_page(page, []) == []
        await store.delete_page(page, list("bcd"))
        assert keys(await read_all(store)) == list("aef")

    use(backend, steps)


MANY = {f"attribute_{n:03d}": n for n in range(300)}
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


@pytest.mark.parametrize("name", REWRITES)
def test_what_was_rewritten_since_its_page_was_read_is_left(backend: Backend, name: str) -> None:
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


def test_a_page_of_items_of_many_kinds_is_deleted(backend: Backend) -> None:
    kinds: list[dict[str, Any]] = [{}, {"value": None}, MANY, *({"value": value} for value in VALUES.values())]
    kinds += [{name: 1} for name in ("dot.ted", "a b", 'quo"te', "select", "ünï🌡", "x" * 200)]

    async def steps(store: HotStore) -> None:
        names = [f"{n:03d}" for n in range(60)]
        await store.put_items("d", [item(key, **kinds[n % len(kinds)]) for n, key in enumerate(names)])
        for page in await read_all(store):
            assert await store.delete_page(page, page.sort_keys) == []
        assert keys(await read_all(store)) == []

    use(backend, steps)


def test_an_item_that_was_deleted_and_written_anew_is_not_taken_for_the_one_that_was_read(backend: Backend) -> None:
    async def steps(store: HotStore) -> None:
        await store.put_items("d", [item(name, v=1) for name in "abc"])
        page = await store.read_page("d", before=END)
        await delete(store, "b")
        await store.put_items("d", [item("b", v=2)])
        assert "b" in await store.delete_page(page, ["b"])
        assert keys(await read_all(store)) == list("abc")

    use(backend, steps)


def test_what_is_added_to_a_pages_range_is_not_deleted_with_it(backend: Backend) -> None:
    async def steps(store: HotStore) -> None:
        await store.put_items("d", [item(name) for name in "ac"])
        page = await store.read_page("d", before=END)
        await store.put_items("d", [item("b")])
        await store.delete_page(page, page.sort_keys)
        await delete(store, page.sort_keys)
        assert keys(await read_all(store)) == ["b"]

    use(backend, steps)


def test_a_delete_asks_before_each_request_and_stops_where_it_may_not_go_on(backend: Backend) -> None:
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


VALUES: dict[str, Any] = {
    "text": 'quotes " and \\ and \n and 传感器 🌡 and \u2028',
    "empty": "",
    "whole": 12345678901234567890,
    "null": None,
    "yes": True,
    "no": False,
    "list": [1, "two", None, [True, {}], []],
    "map": {"inner": {"deep": [{"a": ""}]}, "键": 1},
    "tagged map": {"$map": {"$binary": "is not a tag"}},
    "dollar": {"$a": 1, "b": 2},
}


@pytest.mark.parametrize("name", VALUES)
def test_values_read_back_equal(backend: Backend, name: str) -> None:
    async def steps(store: HotStore) -> None:
        written = item("a", value=VALUES[name])
        await store.put_items("d", [written])
        page = await store.read_page("d", before=END)
        assert json.loads(page.items[0]) == json.loads(written)
        last = await store.last_item("d")
        assert last is not None
        assert json.loads(last) == json.loads(written)

    use(backend, steps)


@pytest.mark.parametrize("digits", ["0.1", "1.0000000000000000000001", "12345678901234567890123456789.012345678", "-7"])
def test_numbers_keep_their_digits(backend: Backend, digits: str) -> None:
    async def steps(store: HotStore) -> None:
        await store.put_items("d", [b'{"iotDeviceId":"d","id":"a","value":%b}' % digits.encode()])
        page = await store.read_page("d", before=END)
        assert json.loads(page.items[0], parse_float=str, parse_int=str)["value"] == digits

    use(backend, steps)


def test_what_was_read_can_be_written_again_and_reads_the_same(backend: Backend) -> None:
    async def steps(store: HotStore) -> None:
        await store.put_items("d", [item(str(n), value=value) for n, value in enumerate(VALUES.values())])
        first = [i for page in await read_all(store) for i in page.items]
        await store.put_items("d", first)
        assert [i for page in await read_all(store) for i in page.items] == first

    use(backend, steps)


@pytest.mark.parametrize("device", ["传感器-1", "a/b", "a+b c", "100%", '"', "x" * 200])
def test_any_device_id_can_be_used(backend: Backend, device: str) -> None:
    async def steps(store: HotStore) -> None:
        await store.put_items(device, [item("2026-01-01T00:00:00+00:00", device)])
        assert keys(await read_all(store, device)) == ["2026-01-01T00:00:00+00:00"]
        await delete(store, ["2026-01-01T00:00:00+00:00"], device)
        assert keys(await read_all(store, device)) == []

    use(backend, steps)


def test_the_last_item_is_the_one_with_the_greatest_sort_key(backend: Backend) -> None:
    async def steps(store: HotStore) -> None:
        await store.put_items("d", [item(name) for name in "bca"])
        last = await store.last_item("d")
        assert last is not None
        assert json.loads(last)["id"] == "c"

    use(backend, steps)


def test_every_device_that_holds_an_item_is_named(backend: Backend) -> None:
    devices = ["d", "D", "a/b%2F", "__x__", "weather-é-\U0001f600", *(f"sensor-{n}" for n in range(20))]

    async def steps(store: HotStore) -> None:
        assert await named(store) == set()
        for device in devices:
            await store.put_items(device, [item(f"2026-01-01T00:00:0{n}Z", device) for n in range(3)])
        await store.put_items("d", [item("~" * 200, "d")])
        assert await named(store) == set(devices)
        await delete(store, [f"2026-01-01T00:00:0{n}Z" for n in range(3)], "sensor-7")
        assert await named(store) == {*devices} - {"sensor-7"}
        answers = [len(some) async for some in store.device_ids(limit=7)]
        assert max(answers) <= 7
        assert await named(store, limit=7) == {*devices} - {"sensor-7"}, "page by page"

    use(backend, steps)


async def named(store: HotStore, limit: int | None = None) -> set[str]:
    return {device async for some in store.device_ids(limit=limit) for device in some}


@pytest.mark.parametrize("bad", [b"[]", b"{", b'{"iotDeviceId":"d"}', b'{"iotDeviceId":"d","id":7}'])
def test_what_is_no_item_is_refused(backend: Backend, bad: bytes) -> None:
    async def steps(store: HotStore) -> None:
        with pytest.raises(ItemRefusedError):
            await store.put_items("d", [bad])
        assert keys(await read_all(store)) == []

    use(backend, steps)


def test_many_deletes_at_once_on_several_devices_finish(backend: Backend) -> None:
    async def steps(store: HotStore) -> None:
        names = [f"{n:04d}" for n in range(300)]
        devices = ["a", "b", "c"]
        await asyncio.gather(*(store.put_items(d, [item(name, d) for name in names]) for d in devices))
        await asyncio.gather(*(delete(store, names, d) for d in devices))
        for device in devices:
            assert keys(await read_all(store, device)) == []

    use(backend, steps)
