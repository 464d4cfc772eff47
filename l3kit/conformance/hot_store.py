"""Contract of every hot store."""

from __future__ import annotations

import json

import pytest

from l3kit.conformance.backend import Backend
from l3kit.conformance.hot_creates import HotCreatesSuite
from l3kit.conformance.hot_deletes import HotDeletesSuite
from l3kit.conformance.hot_items import END, VALUES, delete, item, keys, named, read_all, use
from l3kit.errors import ItemRefusedError
from l3kit.tiering.ports import HotStore


class HotStoreSuite(HotCreatesSuite, HotDeletesSuite):
    """All cases of the port `HotStore`."""

    def test_an_unknown_device_is_an_empty_last_page(self, backend: Backend) -> None:
        async def steps(store: HotStore) -> None:
            page = await store.read_page("nobody", before=END)
            assert (page.sort_keys, page.items, page.next_after) == ([], [], None)
            assert await store.last_item("nobody") is None

        use(backend, steps)

    def test_pages_come_in_order_and_hold_every_item_once(self, backend: Backend) -> None:
        names = [f"2026-01-01T00:{n:02d}:00Z" for n in range(40)]

        async def steps(store: HotStore) -> None:
            await store.put_items("d", [item(name, text="x" * 60_000) for name in reversed(names)])
            await store.put_items("e", [item(names[0], "e")])
            pages = await read_all(store)
            assert len(pages) > 1
            assert keys(pages) == names
            assert [json.loads(i)["id"] for page in pages for i in page.items] == names

        use(backend, steps)

    def test_bounds_are_exclusive_before_and_after_and_inclusive_since(self, backend: Backend) -> None:
        async def steps(store: HotStore) -> None:
            await store.put_items("d", [item(name) for name in "abcdef"])
            assert (await store.read_page("d", before="d")).sort_keys == ["a", "b", "c"]
            assert (await store.read_page("d", before="f", after="b")).sort_keys == ["c", "d", "e"]
            assert (await store.read_page("d", before="e", since="b")).sort_keys == ["b", "c", "d"]
            assert (await store.read_page("d", before="b", since="c")).sort_keys == []
            assert (await store.read_page("d", before=END, since="f\x00")).sort_keys == []
            assert (await store.read_page("d", before="c\x00", since="c")).sort_keys == ["c"]

        use(backend, steps)

    def test_a_limit_ends_the_page_and_says_where_to_go_on(self, backend: Backend) -> None:
        async def steps(store: HotStore) -> None:
            await store.put_items("d", [item(name) for name in "abcde"])
            page = await store.read_page("d", before=END, limit=2)
            assert page.sort_keys == ["a", "b"]
            assert page.next_after is not None
            rest = await store.read_page("d", before=END, after=page.next_after)
            assert rest.sort_keys == ["c", "d", "e"]

        use(backend, steps)

    @pytest.mark.parametrize("name", VALUES)
    def test_values_read_back_equal(self, backend: Backend, name: str) -> None:
        async def steps(store: HotStore) -> None:
            written = item("a", value=VALUES[name])
            await store.put_items("d", [written])
            page = await store.read_page("d", before=END)
            assert json.loads(page.items[0]) == json.loads(written)
            last = await store.last_item("d")
            assert last is not None
            assert json.loads(last) == json.loads(written)

        use(backend, steps)

    @pytest.mark.parametrize(
        "digits", ["0.1", "1.0000000000000000000001", "12345678901234567890123456789.012345678", "-7"]
    )
    def test_numbers_keep_their_digits(self, backend: Backend, digits: str) -> None:
        async def steps(store: HotStore) -> None:
            await store.put_items("d", [b'{"iotDeviceId":"d","id":"a","value":%b}' % digits.encode()])
            page = await store.read_page("d", before=END)
            assert json.loads(page.items[0], parse_float=str, parse_int=str)["value"] == digits

        use(backend, steps)

    def test_what_was_read_can_be_written_again_and_reads_the_same(self, backend: Backend) -> None:
        async def steps(store: HotStore) -> None:
            await store.put_items("d", [item(str(n), value=value) for n, value in enumerate(VALUES.values())])
            first = [i for page in await read_all(store) for i in page.items]
            await store.put_items("d", first)
            assert [i for page in await read_all(store) for i in page.items] == first

        use(backend, steps)

    @pytest.mark.parametrize("device", ["传感器-1", "a/b", "a+b c", "100%", '"', "x" * 200])
    def test_any_device_id_can_be_used(self, backend: Backend, device: str) -> None:
        async def steps(store: HotStore) -> None:
            await store.put_items(device, [item("2026-01-01T00:00:00+00:00", device)])
            assert keys(await read_all(store, device)) == ["2026-01-01T00:00:00+00:00"]
            await delete(store, ["2026-01-01T00:00:00+00:00"], device)
            assert keys(await read_all(store, device)) == []

        use(backend, steps)

    def test_the_last_item_is_the_one_with_the_greatest_sort_key(self, backend: Backend) -> None:
        async def steps(store: HotStore) -> None:
            await store.put_items("d", [item(name) for name in "bca"])
            last = await store.last_item("d")
            assert last is not None
            assert json.loads(last)["id"] == "c"

        use(backend, steps)

    def test_every_device_that_holds_an_item_is_named(self, backend: Backend) -> None:
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

    @pytest.mark.parametrize("bad", [b"[]", b"{", b'{"iotDeviceId":"d"}', b'{"iotDeviceId":"d","id":7}'])
    def test_what_is_no_item_is_refused(self, backend: Backend, bad: bytes) -> None:
        async def steps(store: HotStore) -> None:
            with pytest.raises(ItemRefusedError):
                await store.put_items("d", [bad])
            assert keys(await read_all(store)) == []

        use(backend, steps)
