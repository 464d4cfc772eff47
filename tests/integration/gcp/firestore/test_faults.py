"""Firestore's hot store where calls fail: repeated, waited for, or not certain."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable

import grpc
import pytest
from google.cloud import firestore

from l3kit.clouds.gcp.data.firestore_stores import FirestorePlace, open_hot
from l3kit.errors import StoreError
from l3kit.sandbox.gcp.firestore import CallInfo
from l3kit.tiering.ports import HotStore
from tests.conformance.firestore_backend import new_name
from tests.integration.gcp.firestore.faults import END, PROJECT, Faults, fail, item, quick, use


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
        with pytest.raises(StoreError, match=r"collection .*: query returned UNAVAILABLE.*gave up after 8 tries"):
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
