"""Deletes in Cosmos DB are sent once; what became uncertain is given back, and a rewrite right before is kept."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from l3kit.clouds.azure.data.cosmos_place import CosmosPlace
from l3kit.clouds.azure.data.cosmos_stores import open_hot
from l3kit.clouds.azure.data.hot_store import CosmosHotStore
from tests.conformance.cosmos_backend import Handler, client, database
from tests.integration.azure.cosmos.faults import (
    END,
    DiscoveringPlace,
    Faults,
    answer,
    cut_the_connection,
    is_batch,
    item,
    keys,
    lose_the_answer,
    stall,
    use,
)

pytestmark = pytest.mark.sandbox


@pytest.mark.parametrize(
    ("fault", "done"),
    [
        (lose_the_answer, True),
        (cut_the_connection, False),
        (answer(503), False),
        (answer(500), False),
        (answer(408), False),
        (answer(449), False),
        (answer(410, x_ms_substatus="1002"), False),
        (answer(429, x_ms_retry_after_ms="5"), False),
    ],
)
def test_a_delete_is_sent_once_and_what_became_uncertain_is_returned(
    place: CosmosPlace, container: str, faults: Faults, fault: Any, done: bool
) -> None:
    async def steps(store: CosmosHotStore) -> None:
        await store.put_items("d", [item(str(n)) for n in range(5)])
        page = await store.read_page("d", before=END)
        faults.expect(is_batch, fault)
        assert await store.delete_page(page, list("123")) == list("123")
        assert sum(map(is_batch, faults.seen)) == 1
        assert store.usage.requests["batch_delete"] == 1
        assert await keys(store) == (["0", "4"] if done else list("01234"))
        left = await store.delete_page(page, [key for key in "123" if not done])
        assert left == []
        assert await keys(store) == ["0", "4"]

    use(open_hot(container, place), steps)


@pytest.mark.parametrize("fault", [lose_the_answer, cut_the_connection, answer(503), answer(500), answer(429)])
def test_a_delete_is_sent_once_by_an_sdk_that_knows_several_regions(
    place: CosmosPlace, container: str, faults: Faults, fault: Any
) -> None:
    discovering = DiscoveringPlace(place.endpoint, place.database, place.credential)

    async def steps(store: CosmosHotStore) -> None:
        await store.put_items("d", [item("a")])
        page = await store.read_page("d", before=END)
        faults.expect(is_batch, fault)
        assert await store.delete_page(page, ["a"]) == ["a"]
        assert sum(map(is_batch, faults.seen)) == 1

    use(open_hot(container, discovering), steps)


def test_a_delete_without_an_answer_is_given_up(place: CosmosPlace, container: str, faults: Faults) -> None:
    impatient = open_hot(container, place, timeout=1.0)

    async def steps(store: CosmosHotStore) -> None:
        await store.put_items("d", [item("a")])
        page = await store.read_page("d", before=END)
        faults.expect(is_batch, stall)
        try:
            assert await impatient.delete_page(page, ["a"]) == ["a"]
        finally:
            await impatient.close()

    use(open_hot(container, place), steps)


def test_a_batch_that_holds_a_missing_item_deletes_nothing_and_the_missing_one_counts_as_deleted(
    place: CosmosPlace, container: str
) -> None:
    async def steps(store: CosmosHotStore) -> None:
        await store.put_items("d", [item(key) for key in "abgc"])
        page = await store.read_page("d", before=END)
        assert await store.delete_page(page, ["g"]) == []
        assert await store.delete_page(page, ["a", "g", "c"]) == ["a", "c"]
        assert await keys(store) == ["a", "b", "c"]
        assert await store.delete_page(page, ["g"]) == []

    use(open_hot(container, place), steps)


def test_a_rewrite_right_before_the_delete_takes_effect_is_kept(
    place: CosmosPlace, container: str, faults: Faults
) -> None:
    async def steps(store: CosmosHotStore) -> None:
        names = [f"{n:03d}" for n in range(150)]
        await store.put_items("d", [item(name) for name in names])
        page = await store.read_page("d", before=END)

        async def rewrite_first(request: web.Request, handler: Handler) -> web.StreamResponse:
            await asyncio.to_thread(
                lambda: (
                    database(client(place.endpoint))
                    .get_container_client(container)
                    .upsert_item({"iotDeviceId": "d", "id": "007", "new": True})
                )
            )
            return await handler(request)

        faults.expect(is_batch, rewrite_first)
        assert sorted(await store.delete_page(page, names)) == names[:100]
        assert await keys(store) == names[:100]
        assert (store.usage.requests["batch_delete"], store.usage.requests["query"]) == (2, 2)
        page = await store.read_page("d", before=END)
        assert await store.delete_page(page, [name for name in page.sort_keys if name != "007"]) == []
        assert await keys(store) == ["007"]

    use(open_hot(container, place, delete_concurrency=1), steps)
