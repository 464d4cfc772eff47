"""The journal on Cosmos DB: a swap takes effect once, records keep any name and attribute."""

from __future__ import annotations

import time
from typing import Any

import pytest

from l3kit.clouds.azure.data.cosmos_place import CosmosPlace
from l3kit.clouds.azure.data.cosmos_stores import open_journal
from l3kit.tiering.ports import JournalRow
from tests.conformance.cosmos_backend import client, database, new_container
from tests.integration.azure.cosmos.faults import Faults, lose_the_answer, use

pytestmark = pytest.mark.sandbox


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
