"""Pages, items and batches of Cosmos DB: sizes, what others wrote, what is refused whole."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web
from multidict import CIMultiDict

from l3kit.clouds.azure.data.cosmos_place import CosmosPlace
from l3kit.clouds.azure.data.cosmos_stores import open_hot
from l3kit.clouds.azure.data.hot_store import CosmosHotStore
from l3kit.errors import ItemRefusedError
from tests.conformance.cosmos_backend import Handler, client, database
from tests.integration.azure.cosmos.faults import END, Faults, is_query, item, keys, use

pytestmark = pytest.mark.sandbox


def test_a_page_holds_about_a_mebibyte_whatever_the_items_weigh(place: CosmosPlace, container: str) -> None:
    async def steps(store: CosmosHotStore) -> None:
        names = [f"{n:04d}" for n in range(1500)]
        await store.put_items("d", [item(name, text="x" * 2000) for name in names])
        await store.put_items("d", [item(f"z{n}", text="x" * 1_500_000) for n in range(3)])
        seen: list[str] = []
        after = None
        sizes = []
        while True:
            page = await store.read_page("d", before=END, after=after)
            seen += page.sort_keys
            sizes.append(sum(map(len, page.items)))
            if page.next_after is None:
                break
            after = page.next_after
        assert seen == [*names, "z0", "z1", "z2"]
        assert all(size <= 1024 * 1024 or size < 1_600_000 for size in sizes)
        assert len(sizes) <= 9

    use(open_hot(container, place), steps)


async def an_empty_page_that_is_no_end(request: web.Request, handler: Handler) -> web.StreamResponse:
    """As the service may answer: it has looked at a part of the range, found nothing, and is not done."""
    content = {"_rid": "", "Documents": [], "_count": 0}
    return web.json_response(content, headers={"x-ms-continuation": "more", "x-ms-request-charge": "2.8"})


async def the_page_behind(request: web.Request, handler: Handler) -> web.StreamResponse:
    assert request.headers["x-ms-continuation"] == "more"
    headers = CIMultiDict(request.headers)
    del headers["x-ms-continuation"]
    return await handler(request.clone(headers=headers))


def test_an_empty_page_with_a_continuation_is_not_taken_for_the_end(
    place: CosmosPlace, container: str, faults: Faults
) -> None:
    async def steps(store: CosmosHotStore) -> None:
        await store.put_items("d", [item(key) for key in "abc"])
        faults.expect(is_query, an_empty_page_that_is_no_end, an_empty_page_that_is_no_end, the_page_behind)
        page = await store.read_page("d", before=END)
        assert (page.sort_keys, page.next_after) == (["a", "b", "c"], None)
        assert store.usage.requests["query"] == 3

    use(open_hot(container, place), steps)


def test_attributes_named_as_the_services_own_and_inexact_numbers_survive(place: CosmosPlace, container: str) -> None:
    text = (
        b'{"$l3kit.x":1,"_attachments":"mine","_etag":null,"_rid":[1],"_self":{"a":1},"_ts":"then","id":"a",'
        b'"iotDeviceId":"d","n":[1.10,1.0,-0,1E5,0.1,9007199254740993],"ttl":"none"}'
    )

    async def steps(store: CosmosHotStore) -> None:
        await store.put_items("d", [text])
        assert (await store.read_page("d", before=END)).items == [text]
        assert await store.last_item("d") == text

    use(open_hot(container, place), steps)


def test_what_another_program_wrote_is_read_as_it_is(place: CosmosPlace, container: str) -> None:
    written = {"iotDeviceId": "d", "id": "a", "n": 1.5, "list": [{"$x": [1]}], "ttl": 5}
    database(client(place.endpoint)).get_container_client(container).create_item(written)

    async def steps(store: CosmosHotStore) -> None:
        (found,) = (await store.read_page("d", before=END)).items
        assert json.loads(found) == {**written, "list": [{"$map": {"$x": [1]}}]}

    use(open_hot(container, place), steps)


def test_nothing_is_written_where_one_item_is_refused(place: CosmosPlace, container: str) -> None:
    async def steps(store: CosmosHotStore) -> None:
        for bad in (item("a/b"), item("big", text="x" * 2_100_000), b'{"iotDeviceId":"other","id":"a"}'):
            with pytest.raises(ItemRefusedError):
                await store.put_items("d", [item("a"), bad])
        assert await keys(store) == []

    use(open_hot(container, place), steps)


def test_large_puts_are_split_into_batches_that_the_service_takes(place: CosmosPlace, container: str) -> None:
    async def steps(store: CosmosHotStore) -> None:
        await store.put_items("d", [item(f"{n:02d}", text="传" * 200_000) for n in range(8)])
        pages = [await store.read_page("d", before=END)]
        while (after := pages[-1].next_after) is not None:
            pages.append(await store.read_page("d", before=END, after=after))
        assert sum(len(page.items) for page in pages) == 8

    use(open_hot(container, place), steps)


def test_a_store_serves_one_event_loop_after_another(place: CosmosPlace, container: str) -> None:
    store = open_hot(container, place)

    async def steps(store: CosmosHotStore) -> None:
        await store.put_items("d", [item("a")])
        assert await keys(store) == ["a"]

    asyncio.run(steps(store))
    use(store, steps)
