"""Behaviour of the Firestore stores beyond the common contract: faults, bounds, page sizes, third-party items."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from google.cloud import firestore
from hypothesis import given, settings
from hypothesis import strategies as st

from l3kit.clouds.gcp.data import document_ids
from l3kit.clouds.gcp.data.firestore_stores import FirestorePlace, open_hot, open_journal
from l3kit.errors import ItemRefusedError, StoreError
from l3kit.sandbox.gcp.firestore import CallInfo, CallRefusedError
from l3kit.tiering.ports import HotStore, JournalRow
from l3kit.tiering.retry import RetryPolicy
from tests.conformance.firestore_backend import new_name, running_server

END = "\U0010ffff"
PROJECT = "conformance"


class Faults:
    """Hook that runs a test's callback and records the calls."""

    def __init__(self) -> None:
        self.calls: list[CallInfo] = []
        self.on_before: Callable[[CallInfo], Awaitable[None] | None] = lambda call: None
        self.on_after: Callable[[CallInfo], None] = lambda call: None

    async def before(self, call: CallInfo) -> None:
        self.calls.append(call)
        waiting = self.on_before(call)
        if waiting is not None:
            await waiting

    async def after(self, call: CallInfo) -> None:
        self.on_after(call)


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, Faults]]:
    faults = Faults()
    with running_server(faults) as address:
        yield address, faults


@pytest.fixture
def address(server: tuple[str, Faults]) -> str:
    return server[0]


@pytest.fixture
def faults(server: tuple[str, Faults]) -> Faults:
    server[1].__init__()  # type: ignore[misc]
    return server[1]


def item(sort_key: str, device: str = "d", **more: Any) -> bytes:
    return json.dumps({"iotDeviceId": device, "id": sort_key, **more}, ensure_ascii=False).encode()


def fail(method: str, code: grpc.StatusCode, times: int = 1, **more: Any) -> Callable[[CallInfo], None]:
    left = [times]

    def hook(call: CallInfo) -> None:
        if call.method == method and left[0]:
            left[0] -= 1
            raise CallRefusedError(code, "injected", **more)

    return hook


def quick(slept: list[float] | None = None) -> RetryPolicy:
    async def sleep(seconds: float) -> None:
        if slept is not None:
            slept.append(seconds)

    return RetryPolicy(longest=60.0, sleep=sleep, random=lambda: 1.0)


def use(
    address: str, steps: Callable[[Any], Awaitable[None]], name: str = "", retry: RetryPolicy | None = None
) -> None:
    async def run() -> None:
        place = FirestorePlace(PROJECT, endpoint=address, agent="l3kit/0.1 mover/one", retry=retry or quick())
        store = open_hot(name or new_name(), place)
        try:
            await steps(store)
        finally:
            await store.close()

    asyncio.run(run())


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


# Faults


def test_a_delete_whose_answer_is_lost_is_not_repeated_and_not_certain(address: str, faults: Faults) -> None:
    async def steps(store: HotStore) -> None:
        await store.put_items("d", [item("a"), item("b")])
        page = await store.read_page("d", before=END)
        faults.calls.clear()
        faults.on_after = fail("BatchWrite", grpc.StatusCode.UNAVAILABLE)
        assert await store.delete_page(page, ["a", "b"]) == ["a", "b"]
        assert [call.method for call in faults.calls] == ["BatchWrite"]
        assert store.usage.retries == {"batch_delete": 1}
        assert (await store.read_page("d", before=END)).sort_keys == []

    use(address, steps)


def test_a_delete_that_can_never_succeed_is_an_error(address: str, faults: Faults) -> None:
    async def steps(store: HotStore) -> None:
        await store.put_items("d", [item("a")])
        page = await store.read_page("d", before=END)
        faults.on_before = fail("BatchWrite", grpc.StatusCode.PERMISSION_DENIED)
        with pytest.raises(StoreError, match=r"PERMISSION_DENIED.*deploy_l3"):
            await store.delete_page(page, ["a"])

    use(address, steps)


def test_a_throttled_read_waits_as_long_as_it_is_told(address: str, faults: Faults) -> None:
    slept: list[float] = []

    async def steps(store: HotStore) -> None:
        await store.put_items("d", [item("a")])
        faults.on_before = fail("RunQuery", grpc.StatusCode.RESOURCE_EXHAUSTED, retry_after=7.5)
        assert (await store.read_page("d", before=END)).sort_keys == ["a"]
        assert store.usage.retries == {"query": 1}

    use(address, steps, retry=quick(slept))
    assert slept == [7.5]


def test_retries_end_and_name_what_was_seen(address: str, faults: Faults) -> None:
    slept: list[float] = []

    async def steps(store: HotStore) -> None:
        faults.on_before = fail("RunQuery", grpc.StatusCode.UNAVAILABLE, times=100)
        with pytest.raises(StoreError, match=r"collection .*: query was answered UNAVAILABLE.*gave up after 8 tries"):
            await store.read_page("d", before=END)

    use(address, steps, retry=quick(slept))
    assert slept == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0]


def test_a_put_whose_answer_is_lost_is_repeated(address: str, faults: Faults) -> None:
    async def steps(store: HotStore) -> None:
        faults.on_after = fail("BatchWrite", grpc.StatusCode.UNAVAILABLE)
        await store.put_items("d", [item("a"), item("a", v=2), item("b")])
        page = await store.read_page("d", before=END)
        assert [json.loads(one).get("v") for one in page.items] == [2, None]

    use(address, steps)


def test_a_server_that_is_not_there_is_an_error_without_a_traceback_of_grpc() -> None:
    async def steps(store: HotStore) -> None:
        with pytest.raises(StoreError, match="UNAVAILABLE"):
            await store.read_page("d", before=END)

    use("127.0.0.1:1", steps)


def test_a_rewrite_right_before_the_delete_takes_effect_is_kept(
    address: str, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", address)
    name = new_name()

    async def steps(store: HotStore) -> None:
        await store.put_items("d", [item(key, v=1) for key in "abc"])
        page = await store.read_page("d", before=END)

        async def rewrite() -> None:
            await firestore.AsyncClient(project=PROJECT).document(f"{name}/d/items/b").set({"v": 2})

        def race(call: CallInfo) -> Awaitable[None] | None:
            if call.method != "BatchWrite":
                return None
            faults.on_before = lambda call: None
            return rewrite()

        faults.on_before = race
        assert await store.delete_page(page, page.sort_keys) == ["b"]
        left = await store.read_page("d", before=END)
        assert [json.loads(one)["v"] for one in left.items] == [2]

    use(address, steps, name)


def test_requests_carry_the_agent(address: str, faults: Faults) -> None:
    async def steps(store: HotStore) -> None:
        await store.read_page("d", before=END)
        assert faults.calls[-1].agent.startswith("l3kit/0.1 mover/one ")
        assert faults.calls[-1].method == "RunQuery"
        assert faults.calls[-1].subject.endswith("/d/items")

    use(address, steps)


def test_a_store_works_in_one_event_loop_after_another(address: str) -> None:
    store = open_hot(new_name(), FirestorePlace(PROJECT, endpoint=address))
    for n in range(3):
        asyncio.run(store.put_items("d", [item(str(n))]))
    assert asyncio.run(store.read_page("d", before=END)).sort_keys == ["0", "1", "2"]


# Journal


def test_a_swap_after_a_load_or_a_swap_is_one_request(address: str, faults: Faults) -> None:
    place = FirestorePlace(PROJECT, endpoint=address, retry=quick())

    async def run() -> None:
        journal = open_journal(new_name(), place)
        assert await journal.swap("d/1", JournalRow(1, {}))
        assert await journal.swap("d/1", JournalRow(2, {}))
        await journal.load("d/1")
        assert await journal.swap("d/1", JournalRow(3, {}))
        assert not await journal.swap("d/1", JournalRow(3, {}))
        assert [call.method for call in faults.calls] == ["Commit", "Commit", "GetDocument", "Commit"]
        await journal.close()

    asyncio.run(run())


def test_what_another_has_swapped_meanwhile_is_not_overwritten_and_is_seen_after(address: str) -> None:
    place = FirestorePlace(PROJECT, endpoint=address, retry=quick())

    async def run() -> None:
        name = new_name()
        one, other = open_journal(name, place), open_journal(name, place)
        assert await one.swap("d", JournalRow(1, {"by": "one"}))
        await other.load("d")
        assert await one.swap("d", JournalRow(2, {"by": "one"}))
        assert not await other.swap("d", JournalRow(2, {"by": "other"}))
        assert await other.load("d") == JournalRow(2, {"by": "one"})
        assert await other.swap("d", JournalRow(3, {"by": "other"}))
        assert await one.swap("d", JournalRow(4, {"by": "one"}))
        assert await other.load("d") == JournalRow(4, {"by": "one"})

    asyncio.run(run())


def test_a_swap_whose_answer_is_lost_took_effect_once(address: str, faults: Faults) -> None:
    place = FirestorePlace(PROJECT, endpoint=address, retry=quick())

    async def run() -> None:
        journal = open_journal(new_name(), place)
        for version in (1, 2):
            faults.on_after = fail("Commit", grpc.StatusCode.UNAVAILABLE)
            assert not await journal.swap("d", JournalRow(version, {"n": version}))
            assert await journal.load("d") == JournalRow(version, {"n": version})

    asyncio.run(run())


def test_the_expiry_is_a_timestamp_in_the_store_and_a_number_outside(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", address)
    name = new_name()
    row = JournalRow(1, {"expires_at": 1_800_000_000, "other": 5})

    async def run() -> None:
        journal = open_journal(name, FirestorePlace(PROJECT, endpoint=address))
        await journal.swap("report/1", row)
        assert await journal.load("report/1") == row

    asyncio.run(run())
    stored = firestore.Client(project=PROJECT).document(f"{name}/{document_ids.encode('report/1')}").get().to_dict()
    assert stored["expires_at"].timestamp() == 1_800_000_000
    assert stored["other"] == 5


def test_many_names_come_in_pages(address: str) -> None:
    async def run() -> None:
        journal = open_journal(new_name(), FirestorePlace(PROJECT, endpoint=address))
        names = sorted(f"device/{n}" for n in range(1003))
        await asyncio.gather(*(journal.swap(name, JournalRow(1, {})) for name in names))
        assert await journal.names() == names
        assert await journal.names("device/99") == [name for name in names if name.startswith("device/99")]

    asyncio.run(run())
