"""Items: entity tags, partitions, sizes, ids and numbers; and what a request is charged."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core import MatchConditions
from azure.cosmos import CosmosClient, PartitionKey, exceptions
from azure.cosmos.exceptions import CosmosBatchOperationError, CosmosHttpResponseError, CosmosResourceNotFoundError

from tests.conformance.cosmos_backend import client, database, new_container
from tests.integration.sandbox.azure.cosmos.items import charge, fill, ids

pytestmark = pytest.mark.sandbox


@pytest.mark.parametrize("operation", ["replace", "delete", "upsert"])
def test_an_outdated_entity_tag_is_refused(container: Any, operation: str) -> None:
    fill(container, "a")
    old = container.read_item("a", "d")["_etag"]
    fill(container, "a", n=2)
    condition = {"etag": old, "match_condition": MatchConditions.IfNotModified}
    writes = {
        "delete": lambda: container.delete_item("a", "d", **condition),
        "replace": lambda: container.replace_item("a", {"id": "a", "pk": "d"}, **condition),
        "upsert": lambda: container.upsert_item({"id": "a", "pk": "d"}, **condition),
    }
    with pytest.raises(exceptions.CosmosAccessConditionFailedError):
        writes[operation]()
    assert container.read_item("a", "d")["n"] == 2


def test_creating_what_is_there_is_a_conflict(container: Any) -> None:
    container.create_item({"id": "a", "pk": "d"})
    with pytest.raises(exceptions.CosmosResourceExistsError):
        container.create_item({"id": "a", "pk": "d"})
    container.create_item({"id": "a", "pk": "e"})


@pytest.mark.parametrize("operation", ["read", "delete", "replace"])
def test_an_item_of_another_partition_is_not_found(container: Any, operation: str) -> None:
    fill(container, "a")
    calls = {
        "read": lambda: container.read_item("a", "e"),
        "delete": lambda: container.delete_item("a", "e"),
        "replace": lambda: container.replace_item("a", {"id": "a", "pk": "e"}),
    }
    with pytest.raises(CosmosResourceNotFoundError):
        calls[operation]()
    assert ids(container) == ["a"]


def test_an_item_has_at_most_2_megabytes(container: Any) -> None:
    fill(container, "fits", text="x" * 2_000_000)
    for write in (container.create_item, container.upsert_item):
        with pytest.raises(CosmosHttpResponseError) as caught:
            write({"id": "big", "pk": "d", "text": "x" * 2_200_000})
        assert caught.value.status_code == 413
    assert ids(container) == ["fits"]


@pytest.mark.parametrize("id_", ["a/b", "a\\b", "a?b", "a#b", "x" * 1024])
def test_ids_that_the_service_forbids_are_refused(container: Any, id_: str) -> None:
    with pytest.raises((CosmosHttpResponseError, ValueError)) as caught:
        container.create_item({"id": id_, "pk": "d"})
    assert getattr(caught.value, "status_code", 400) == 400
    with pytest.raises(CosmosBatchOperationError):
        container.execute_item_batch([("create", ({"id": id_, "pk": "d"},))], partition_key="d")
    assert ids(container) == []


@pytest.mark.parametrize("id_", ["传感器 🌡", "a+b c", "100%", "%2F", "2026-01-01T00:00:00+00:00", '"', "x" * 1000])
def test_any_other_id_works_everywhere(container: Any, id_: str) -> None:
    container.create_item({"id": id_, "pk": "d", "n": 1})
    assert container.read_item(id_, "d")["n"] == 1
    container.replace_item(id_, {"id": id_, "pk": "d", "n": 2})
    assert ids(container) == [id_]
    container.execute_item_batch([("delete", (id_,))], partition_key="d")
    assert ids(container) == []


def test_numbers_are_kept_as_ieee_doubles(container: Any) -> None:
    numbers = {"a": 1.10, "b": 2**53, "c": 2**60 + 1, "d": 0.1, "e": 1e-7, "f": -12.5}
    container.create_item({"id": "n", "pk": "d", **numbers})
    (found,) = container.query_items("SELECT * FROM c", partition_key="d")
    for item in (found, container.read_item("n", "d")):
        assert {name: float(item[name]) for name in numbers} == {name: float(value) for name, value in numbers.items()}
    with pytest.raises(CosmosHttpResponseError) as caught:
        container.create_item({"id": "huge", "pk": "d", "n": 10**400})
    assert caught.value.status_code == 400


def test_an_attribute_that_javascript_would_lose_is_refused_or_kept(container: Any) -> None:
    written = {"id": "a", "pk": "d", "map": {"__proto__": {"n": 1}}}
    try:
        container.create_item(written)
    except CosmosHttpResponseError:
        return
    (found,) = container.query_items("SELECT * FROM c", partition_key="d")
    assert found["map"] == written["map"]


def test_what_is_charged_grows_with_size(container: Any) -> None:
    container.create_item({"id": "small", "pk": "d"})
    assert 4 < charge(container) < 6
    container.create_item({"id": "large", "pk": "d", "t": "x" * 100_000})
    assert 20 < charge(container) < 60
    container.read_item("small", "d")
    assert charge(container) == 1
    container.read_item("large", "d")
    assert charge(container) > 5
    assert ids(container) == ["large", "small"]
    few = charge(container)
    list(container.query_items("SELECT * FROM c", partition_key="d"))
    assert charge(container) > few > 2
    container.delete_item("small", "d")
    assert 4 < charge(container) < 6


def test_a_container_made_anew_is_empty_and_may_have_another_partition_key(cosmos: CosmosClient) -> None:
    name = new_container(cosmos, "/pk")
    place = database(cosmos)
    fill(place.get_container_client(name), "a")
    place.delete_container(name)
    with pytest.raises(CosmosResourceNotFoundError):
        client(cosmos.client_connection.url_connection).get_database_client(place.id).get_container_client(
            name
        ).read_item("a", "d")
    place.create_container(name, PartitionKey("/other"))
    made = client(cosmos.client_connection.url_connection).get_database_client(place.id).get_container_client(name)
    made.create_item({"id": "a", "pk": "d", "other": "o"})
    assert made.read_item("a", "o")["pk"] == "d"
