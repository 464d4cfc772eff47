"""What Cosmos DB's adapters do when the service is slow, refuses, or its answer is lost: over real sockets."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import web
from multidict import CIMultiDict

from l3kit.clouds.azure.data.cosmos_place import CosmosPlace
from l3kit.clouds.azure.data.cosmos_stores import open_hot, open_journal
from l3kit.clouds.azure.data.hot_store import CosmosHotStore
from l3kit.errors import ConfigurationError, ItemRefusedError, StoreError
from l3kit.tiering.ports import JournalRow
from l3kit.tiering.retry import RetryPolicy
from tests.conformance.cosmos_backend import (
    DATABASE,
    KEY,
    CosmosServers,
    Handler,
    client,
    cosmos_servers,
    database,
    new_container,
)

pytestmark = pytest.mark.sandbox
END = "\U0010ffff"


@dataclass
class Faults:
    """Stands before the sandbox's Cosmos DB: a fault for each coming request that it matches, and what came by."""

    matches: Callable[[web.Request], bool] = lambda request: False
    faults: list[Callable[[web.Request, Handler], Coroutine[Any, Any, web.StreamResponse]]] = field(
        default_factory=list
    )
    seen: list[web.Request] = field(default_factory=list)

    def wrap(self, handler: Handler) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            self.seen.append(request)
            if self.faults and self.matches(request):
                return await self.faults.pop(0)(request, handler)
            return await handler(request)

        return handle

    def expect(self, matches: Callable[[web.Request], bool], *faults: Any) -> None:
        self.matches, self.faults, self.seen = matches, list(faults), []


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[CosmosServers, Faults]]:
    faults = Faults()
    with cosmos_servers(tmp_path_factory.mktemp("cosmos"), faults.wrap) as servers:
        yield servers, faults


@pytest.fixture
def faults(started: tuple[CosmosServers, Faults]) -> Faults:
    started[1].expect(lambda request: False)
    return started[1]


@pytest.fixture
def place(started: tuple[CosmosServers, Faults]) -> CosmosPlace:
    return CosmosPlace(started[0].url, DATABASE, KEY, "l3kit/0 tests", RetryPolicy(base=0.01))


@pytest.fixture
def container(place: CosmosPlace) -> str:
    return new_container(client(place.endpoint), "/iotDeviceId")


def item(sort_key: str, **more: Any) -> bytes:
    return json.dumps({"iotDeviceId": "d", "id": sort_key, **more}).encode()


class DiscoveringPlace(CosmosPlace):
    """As on the real service, where the SDK looks for regions and would send some requests again."""

    @property
    def is_loopback(self) -> bool:
        return False


def use(store: Any, steps: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        try:
            await steps(store)
        finally:
            await store.close()

    asyncio.run(run())


def is_batch(request: web.Request) -> bool:
    return request.headers.get("x-ms-cosmos-is-batch-request", "").lower() == "true"


def is_query(request: web.Request) -> bool:
    return request.headers.get("x-ms-documentdb-isquery", "").lower() == "true"


async def lose_the_answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    await handler(request)
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def cut_the_connection(request: web.Request, handler: Handler) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def answer(status: int, **headers: str) -> Any:
    async def fault(request: web.Request, handler: Handler) -> web.StreamResponse:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.json_response({"code": "Fault", "message": "made up"}, status=status, headers=names)

    return fault


async def stall(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers nothing until the caller gives up."""
    while request.transport is not None and not request.transport.is_closing():
        await asyncio.sleep(0.02)
    return web.Response()


async def keys(store: CosmosHotStore) -> list[str]:
    return (await store.read_page("d", before=END)).sort_keys


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


@pytest.mark.parametrize(
    "fault", [lose_the_answer, cut_the_connection, answer(503), answer(429, x_ms_retry_after_ms="5")]
)
def test_reads_and_puts_are_repeated_and_counted(
    place: CosmosPlace, container: str, faults: Faults, fault: Any
) -> None:
    async def steps(store: CosmosHotStore) -> None:
        await store.put_items("d", [item("a")])
        faults.expect(is_batch, fault, fault)
        await store.put_items("d", [item("b")])
        assert (store.usage.requests["batch_put"], store.usage.retries["batch_put"]) == (4, 2)
        faults.expect(is_query, fault, fault)
        assert await keys(store) == ["a", "b"]
        assert (store.usage.requests["query"], store.usage.retries["query"]) == (3, 2)
        assert store.usage.write_units > 9
        assert store.usage.read_units > 2
        assert store.usage.bytes_in > 0
        assert store.usage.bytes_out > 0

    use(open_hot(container, place), steps)


def test_a_throttled_request_waits_as_long_as_the_service_asks(
    place: CosmosPlace, container: str, faults: Faults
) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def steps(store: CosmosHotStore) -> None:
        await store.put_items("d", [item("a")])
        faults.expect(is_query, answer(429, x_ms_retry_after_ms="1234"), answer(429, x_ms_retry_after_ms="99999"))
        assert await keys(store) == ["a"]
        assert waits == [1.234, 5.0]

    use(open_hot(container, replace(place, retry=RetryPolicy(sleep=sleep))), steps)


@pytest.mark.parametrize(
    ("status", "remedy"), [(401, "log in again"), (403, "data role"), (404, "deploy_l3"), (413, "Split the item")]
)
def test_a_refusal_that_no_repetition_cures_names_the_remedy_and_no_secret(
    place: CosmosPlace, container: str, faults: Faults, status: int, remedy: str
) -> None:
    async def steps(store: CosmosHotStore) -> None:
        await store.put_items("d", [item("a")])
        faults.expect(is_query, answer(status))
        with pytest.raises(StoreError, match=remedy) as caught:
            await keys(store)
        assert container in str(caught.value)
        assert KEY not in str(caught.value)
        assert sum(map(is_query, faults.seen)) == 1
        page = await store.read_page("d", before=END)
        faults.expect(is_batch, answer(status))
        with pytest.raises(StoreError, match=remedy):
            await store.delete_page(page, ["a"])

    use(open_hot(container, place), steps)


def test_throttling_that_does_not_end_names_throughput(place: CosmosPlace, container: str, faults: Faults) -> None:
    async def steps(store: CosmosHotStore) -> None:
        faults.expect(is_query, *[answer(429)] * 3)
        with pytest.raises(StoreError, match=r"gave up after 3 tries.*throughput"):
            await keys(store)

    use(open_hot(container, replace(place, retry=RetryPolicy(tries=3, base=0.01))), steps)


def test_a_missing_container_or_database_is_named(place: CosmosPlace) -> None:
    async def read(store: CosmosHotStore) -> None:
        with pytest.raises(StoreError, match=r"missing: run deploy_l3"):
            await keys(store)

    async def load(store: Any) -> None:
        with pytest.raises(StoreError, match=r"missing: run deploy_l3"):
            await store.load("x")
        with pytest.raises(StoreError, match=r"missing: run deploy_l3"):
            await store.swap("x", JournalRow(2, {}))

    use(open_hot("nowhere", place), read)
    use(open_journal("nowhere", place), load)
    use(open_journal("nowhere", replace(place, database="no-such")), load)


def test_an_account_whose_reads_may_be_stale_is_refused(place: CosmosPlace, container: str, faults: Faults) -> None:
    async def session_level(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        assert isinstance(response, web.Response)
        account = json.loads(response.text or "")
        account["userConsistencyPolicy"] = {"defaultConsistencyLevel": "Session"}
        return web.json_response(account)

    async def steps(store: CosmosHotStore) -> None:
        faults.expect(lambda request: request.path == "/", session_level)
        with pytest.raises(StoreError, match=r"consistency level is Session.*Strong"):
            await keys(store)
        assert await keys(store) == []

    use(open_hot(container, place), steps)


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


def test_requests_carry_the_agent(place: CosmosPlace, container: str, faults: Faults) -> None:
    async def steps(store: CosmosHotStore) -> None:
        await keys(store)
        assert all("l3kit/0 tests" in request.headers["User-Agent"] for request in faults.seen)
        assert any(map(is_query, faults.seen))

    use(open_hot(container, place), steps)


def test_a_swap_whose_answer_was_lost_took_effect_once(place: CosmosPlace, faults: Faults) -> None:
    journal = open_journal(new_container(client(place.endpoint), "/id"), place)

    async def steps(store: Any) -> None:
        assert await store.swap("device/a", JournalRow(1, {"n": 1}))
        faults.expect(lambda request: request.method == "PUT", lose_the_answer)
        assert not await store.swap("device/a", JournalRow(2, {"n": 2}))
        assert await store.load("device/a") == JournalRow(2, {"n": 2})
        assert await store.swap("device/a", JournalRow(3, {"n": 3}))

    use(journal, steps)


def test_a_journal_record_keeps_any_attribute_and_any_name(place: CosmosPlace) -> None:
    name = new_container(client(place.endpoint), "/id")
    attributes = {"id": "mine", "name": "n", "version": 7, "ttl": 5, "_ts": "t", "$l3kit.id": "x", "expires_at": 10**10}
    names = ["a/b\\c?d#e%f g", "a%2Fb", "传" * 600, "传" * 600 + "!"]

    async def steps(store: Any) -> None:
        for each in names:
            assert await store.swap(each, JournalRow(1, attributes))
            assert await store.load(each) == JournalRow(1, attributes)
        assert await store.names() == sorted(names)

    use(open_journal(name, place), steps)
    stored = list(database(client(place.endpoint)).get_container_client(name).read_all_items())
    assert all(
        0 < document["ttl"] - (10**10 - time.time()) + 60 < 120 or document["ttl"] == 2**31 - 1 for document in stored
    )


def test_a_journal_store_swaps_without_reading_what_it_wrote_itself(place: CosmosPlace, faults: Faults) -> None:
    journal = open_journal(new_container(client(place.endpoint), "/id"), place)

    async def steps(store: Any) -> None:
        for version in range(1, 6):
            assert await store.swap("x", JournalRow(version, {}))
        assert store.usage.requests.get("get", 0) == 0
        assert store.usage.write_units > 20

    use(journal, steps)


def test_the_account_comes_from_the_environment() -> None:
    string = "AccountEndpoint=https://a.documents.azure.com:443/;AccountKey=a2V5PT0=;"
    place = CosmosPlace.from_env({"COSMOS_CONNECTION_STRING": string, "COSMOS_DATABASE_NAME": "db"}, agent="x")
    assert place == CosmosPlace("https://a.documents.azure.com:443/", "db", "a2V5PT0=", "x")
    assert "a2V5PT0" not in repr(place)
    assert not place.is_loopback
    place = CosmosPlace.from_env({"COSMOS_ENDPOINT": "https://a/", "COSMOS_DATABASE_NAME": "db"})
    assert place == CosmosPlace("https://a/", "db", None)


@pytest.mark.parametrize(
    ("env", "named"),
    [
        ({}, "COSMOS_DATABASE_NAME"),
        ({"COSMOS_DATABASE_NAME": "db"}, "COSMOS_ENDPOINT"),
        ({"COSMOS_DATABASE_NAME": "db", "COSMOS_CONNECTION_STRING": "x"}, "COSMOS_CONNECTION_STRING"),
    ],
)
def test_a_missing_setting_is_named(env: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        CosmosPlace.from_env(env)
