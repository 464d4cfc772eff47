"""What Cosmos DB's adapters repeat, wait for, and refuse with a remedy."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from l3kit.clouds.azure.data.cosmos_place import CosmosPlace
from l3kit.clouds.azure.data.cosmos_stores import open_hot, open_journal
from l3kit.clouds.azure.data.hot_store import CosmosHotStore
from l3kit.errors import ConfigurationError, StoreError
from l3kit.tiering.ports import JournalRow
from l3kit.tiering.retry import RetryPolicy
from tests.conformance.cosmos_backend import KEY, Handler
from tests.integration.azure.cosmos.faults import (
    END,
    Faults,
    answer,
    cut_the_connection,
    is_batch,
    is_query,
    item,
    keys,
    lose_the_answer,
    use,
)

pytestmark = pytest.mark.sandbox


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


def test_requests_carry_the_agent(place: CosmosPlace, container: str, faults: Faults) -> None:
    async def steps(store: CosmosHotStore) -> None:
        await keys(store)
        assert all("l3kit/0 tests" in request.headers["User-Agent"] for request in faults.seen)
        assert any(map(is_query, faults.seen))

    use(open_hot(container, place), steps)


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
