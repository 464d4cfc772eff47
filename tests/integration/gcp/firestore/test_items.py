"""Firestore's hot store beyond what all stores share: bounds, ids, sizes, foreign items, pages, what is billed."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from google.cloud import firestore
from hypothesis import given, settings
from hypothesis import strategies as st

from l3kit.errors import ItemRefusedError
from l3kit.tiering.ports import HotStore
from tests.conformance.firestore_backend import new_name
from tests.integration.gcp.firestore.faults import END, PROJECT, item, use

# Bounds

LETTERS = "\x00/._-0a\x7fé\ud800\ue000🌡\U0010ffff"
bounds = st.text(st.sampled_from(LETTERS), max_size=4) | st.sampled_from(["__a__", "__a__\x00", "__", "x" * 1501, END])
KEYS = [
    "-",
    ".a",
    "0",
    "0\x00",
    "...",
    "__a",
    "__a__\x00",
    "_",
    "a",
    "a\x00",
    "a-",
    "a0",
    "aé",
    "é",
    "\ue000",
    "🌡",
    END,
]
KEYS += ["x" * 1500, "x" * 1499 + "\x7f", "___", "a\x00\x00", "\x01"]


def test_any_texts_as_bounds_choose_what_comparing_strings_chooses(address: str) -> None:
    name = new_name()

    async def fill(store: HotStore) -> None:
        await store.put_items("d", [item(key) for key in KEYS])

    use(address, fill, name)

    @settings(max_examples=60, deadline=None)
    @given(cases=st.lists(st.tuples(bounds, st.none() | bounds, st.booleans()), min_size=10, max_size=10))
    def compare(cases: list[tuple[str, str | None, bool]]) -> None:
        async def steps(store: HotStore) -> None:
            for before, low, inclusive in cases:
                if inclusive and low is not None:
                    page = await store.read_page("d", before=before, since=low)
                    wanted = [key for key in KEYS if low <= key < before]
                else:
                    page = await store.read_page("d", before=before, after=low)
                    wanted = [key for key in KEYS if key < before and (low is None or key > low)]
                assert page.sort_keys == sorted(wanted)
                assert page.next_after is None

        use(address, steps, name)

    compare()


# What cannot be held


@pytest.mark.parametrize("key", ["a/b", ".", "..", "__x__", "x" * 1501])
def test_a_sort_key_that_can_be_no_document_id_is_refused(address: str, key: str) -> None:
    async def steps(store: HotStore) -> None:
        with pytest.raises(ItemRefusedError, match="sort key"):
            await store.put_items("d", [item("good"), item(key)])
        assert (await store.read_page("d", before=END)).sort_keys == []

    use(address, steps)


@pytest.mark.parametrize("device", ["", "é" * 800, "\ud800"])
def test_a_device_that_can_have_no_document_has_no_items(address: str, device: str) -> None:
    async def steps(store: HotStore) -> None:
        with pytest.raises(ItemRefusedError):
            await store.put_items(device, [json.dumps({"iotDeviceId": device, "id": "a"}).encode()])
        assert (await store.read_page(device, before=END)).sort_keys == []
        assert await store.last_item(device) is None

    use(address, steps)


def test_an_item_too_large_is_refused_by_name_and_the_largest_is_not(address: str) -> None:
    async def steps(store: HotStore) -> None:
        with pytest.raises(ItemRefusedError, match=r"item d/big: has 1\d{6} bytes"):
            await store.put_items("d", [item("small"), item("big", text="x" * 1_048_480)])
        assert (await store.read_page("d", before=END)).sort_keys == []
        await store.put_items("d", [item(str(n), text="x" * 1_048_300) for n in range(9)])
        page = await store.read_page("d", before=END)
        assert page.sort_keys == ["0"]
        assert page.next_after == "0"

    use(address, steps, "hot-of-constant-length")


def test_foreign_items_that_json_cannot_hold_are_named_and_do_not_stop_the_page(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", address)
    name = new_name()
    items = firestore.Client(project=PROJECT).collection(f"{name}/d%2F1/items")
    items.document("a").set({"v": 1})
    items.document("b").set({"v": float("nan")})
    items.document("c").set({"v": datetime(2026, 1, 2, 3, tzinfo=UTC)})
    items.document("e").set({"iotDeviceId": "another"})

    async def steps(store: HotStore) -> None:
        page = await store.read_page("d/1", before=END, limit=2)
        assert page.sort_keys == ["a"]
        assert json.loads(page.items[0]) == {"iotDeviceId": "d/1", "id": "a", "v": 1}
        assert [key for key, _ in page.refused] == ["b"]
        assert page.next_after == "b"
        rest = await store.read_page("d/1", before=END, after="b")
        assert [key for key, _ in rest.refused] == ["e"]
        assert list(json.loads(rest.items[0])["v"]) == ["$timestamp"]
        for some in (page, rest):
            assert await store.delete_page(some, some.sort_keys) == []
        assert [key for key, _ in (await store.read_page("d/1", before=END)).refused] == ["b", "e"]

    use(address, steps, name)


# Pages


@pytest.mark.slow
def test_pages_have_about_one_mebibyte_whatever_the_items_size(address: str) -> None:
    async def steps(store: HotStore) -> None:
        await store.put_items("large", [item(f"{n:04d}", "large", text="x" * 100_000) for n in range(40)])
        await store.put_items("small", [item(f"{n:05d}", "small", text="x" * 100) for n in range(9000)])
        for device in ("large", "small", "large", "small"):
            after, sizes, count = None, [], 0
            while True:
                page = await store.read_page(device, before=END, after=after)
                sizes.append(sum(map(len, page.items)))
                count += len(page.items)
                if page.next_after is None:
                    break
                after = page.next_after
            assert count == (40 if device == "large" else 9000)
            assert max(sizes) < 1_200_000
            assert len(sizes) <= 8

    use(address, steps)


def test_reads_and_writes_are_counted_as_firestore_bills_them(address: str) -> None:
    async def steps(store: HotStore) -> None:
        await store.put_items("d", [item(f"{n:03d}") for n in range(10)])
        assert store.usage.write_units == 10
        page = await store.read_page("d", before="004")
        assert store.usage.read_units == 4
        await store.read_page("nobody", before=END)
        assert store.usage.read_units == 5
        assert await store.delete_page(page, page.sort_keys) == []
        assert store.usage.read_units == 5, "the condition of a delete is not billed as a read"
        assert store.usage.write_units == 14
        assert store.usage.requests == {"batch_put": 1, "query": 2, "batch_delete": 1}

    use(address, steps)
