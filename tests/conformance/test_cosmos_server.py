"""The sandbox's Cosmos DB follows the service's documentation, tested with an unmodified azure-cosmos client.

L3KIT_FOREIGN_COSMOS=url runs the cases against another server: the bare server without the layer fails 44 of 50
(`python -m tests.programs.foreign_servers`).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.cosmos import CosmosClient, PartitionKey, exceptions
from azure.cosmos.exceptions import CosmosBatchOperationError, CosmosHttpResponseError, CosmosResourceNotFoundError

from tests.conformance.cosmos_backend import client, cosmos_servers, database, new_container

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def cosmos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CosmosClient]:
    foreign = os.environ.get("L3KIT_FOREIGN_COSMOS", "").strip()
    if foreign:
        yield client(foreign)
        return
    with cosmos_servers(tmp_path_factory.mktemp("cosmos")) as servers:
        yield client(servers.url)


@pytest.fixture
def container(cosmos: CosmosClient) -> Any:
    """An empty container with the partition key /pk."""
    return database(cosmos).get_container_client(new_container(cosmos, "/pk"))


def fill(container: Any, *ids: str, pk: str = "d", **more: Any) -> None:
    for id_ in ids:
        container.upsert_item({"id": id_, "pk": pk, **more})


def ids(container: Any, pk: str = "d") -> list[str]:
    found = container.query_items("SELECT VALUE c.id FROM c ORDER BY c.id", partition_key=pk)
    return list(found)


def charge(container: Any) -> float:
    return float(container.client_connection.last_response_headers["x-ms-request-charge"])


def test_a_batch_carries_out_every_kind_of_operation_in_order(container: Any) -> None:
    fill(container, "read", "replaced", "deleted", n=1)
    fill(container, "patched", n=1, tags=["a"])
    answers = container.execute_item_batch(
        [
            ("create", ({"id": "new", "pk": "d"},)),
            ("upsert", ({"id": "new", "pk": "d", "n": 2},)),
            ("read", ("read",)),
            ("replace", ("replaced", {"id": "replaced", "pk": "d", "n": 3})),
            (
                "patch",
                ("patched", [{"op": "incr", "path": "/n", "value": 4}, {"op": "add", "path": "/tags/-", "value": 1}]),
            ),
            ("delete", ("deleted",)),
        ],
        partition_key="d",
    )
    assert [answer["statusCode"] for answer in answers] == [201, 200, 200, 200, 200, 204]
    assert all(answer["requestCharge"] > 0 for answer in answers)
    assert [answer.get("resourceBody", {}).get("n") for answer in answers] == [None, 2, 1, 3, 5, None]
    assert answers[3]["eTag"] == container.read_item("replaced", "d")["_etag"]
    assert container.read_item("patched", "d")["tags"] == ["a", 1]
    assert ids(container) == ["new", "patched", "read", "replaced"]


SET = [{"op": "set", "path": "/n", "value": 9}]


@pytest.mark.parametrize(
    ("failing", "status"),
    [
        (("create", ({"id": "a", "pk": "d"},)), 409),
        (("delete", ("gone",)), 404),
        (("replace", ("gone", {"id": "gone", "pk": "d"})), 404),
        (("delete", ("a",), {"if_match_etag": "another"}), 412),
        (("upsert", ({"id": "x/y", "pk": "d"},)), 400),
        (("upsert", ({"id": "z", "pk": "other"},)), 400),
        (("patch", ("a", [{"op": "incr", "path": "/text", "value": 1}])), 400),
        (("patch", ("a", SET), {"filter_predicate": "from c where c.text = 'text'"}), 412),
    ],
)
def test_a_batch_of_which_one_operation_fails_changes_nothing(container: Any, failing: Any, status: int) -> None:
    fill(container, "a", "b", n=1, text="Text")
    before = {id_: container.read_item(id_, "d")["_etag"] for id_ in "ab"}
    with pytest.raises(CosmosBatchOperationError) as caught:
        container.execute_item_batch(
            [
                ("create", ({"id": "new", "pk": "d"},)),
                ("delete", ("b",)),
                failing,
                ("upsert", ({"id": "c", "pk": "d"},)),
            ],
            partition_key="d",
        )
    assert (caught.value.status_code, caught.value.error_index) == (status, 2)
    assert [answer["statusCode"] for answer in caught.value.operation_responses] == [424, 424, status, 424]
    assert ids(container) == ["a", "b"]
    assert {id_: container.read_item(id_, "d")["_etag"] for id_ in "ab"} == before


def test_a_batch_of_a_hundred_deletes_takes_exactly_those(container: Any) -> None:
    names = [f"{n:03d}" for n in range(100)]
    container.execute_item_batch([("create", ({"id": name, "pk": "d"},)) for name in names], partition_key="d")
    fill(container, "stays")
    fill(container, "000", pk="e")
    answers = container.execute_item_batch([("delete", (name,)) for name in names], partition_key="d")
    assert [answer["statusCode"] for answer in answers] == [204] * 100
    assert (ids(container), ids(container, "e")) == (["stays"], ["000"])


def test_a_batch_deletes_with_the_right_entity_tags(container: Any) -> None:
    fill(container, "a", "b")
    tags = {id_: container.read_item(id_, "d")["_etag"] for id_ in "ab"}
    container.execute_item_batch([("delete", (id_,), {"if_match_etag": tag}) for id_, tag in tags.items()], "d")
    assert ids(container) == []


def test_a_batch_has_at_most_a_hundred_operations(container: Any) -> None:
    with pytest.raises(CosmosHttpResponseError) as caught:
        container.execute_item_batch([("create", ({"id": str(n), "pk": "d"},)) for n in range(101)], partition_key="d")
    assert caught.value.status_code == 400
    assert ids(container) == []


def test_a_batch_has_at_most_2_megabytes(container: Any) -> None:
    big = "x" * 700_000
    with pytest.raises(CosmosHttpResponseError) as caught:
        container.execute_item_batch([("create", ({"id": str(n), "pk": "d", "t": big},)) for n in range(3)], "d")
    assert caught.value.status_code == 413
    assert ids(container) == []


def test_a_batch_that_breaks_a_unique_key_changes_nothing(cosmos: CosmosClient) -> None:
    name = new_container(cosmos, "/pk", unique_keys=["/serial"])
    container = database(cosmos).get_container_client(name)
    fill(container, "a", serial=1)
    with pytest.raises(CosmosBatchOperationError) as caught:
        container.execute_item_batch(
            [
                ("upsert", ({"id": "a", "pk": "d", "serial": 2},)),
                ("create", ({"id": "b", "pk": "d", "serial": 3},)),
                ("create", ({"id": "c", "pk": "d", "serial": 3},)),
            ],
            partition_key="d",
        )
    assert (caught.value.status_code, caught.value.error_index) == (409, 2)
    assert ids(container) == ["a"]
    assert container.read_item("a", "d")["serial"] == 1


def test_batches_at_once_on_one_item_do_not_lose_an_update(container: Any) -> None:
    fill(container, "counter", n=0)
    won: list[int] = []
    refused: set[int] = set()

    def count() -> None:
        for _ in range(5):
            item = container.read_item("counter", "d")
            changed = {"id": "counter", "pk": "d", "n": item["n"] + 1}
            replace = ("replace", ("counter", changed), {"if_match_etag": item["_etag"]})
            try:
                container.execute_item_batch([replace], partition_key="d")
                won.append(1)
            except CosmosBatchOperationError as error:
                refused.add(error.status_code)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert container.read_item("counter", "d")["n"] == len(won) > 0
    assert refused <= {412}


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


@pytest.mark.parametrize("operation", ["read", "delete", "replace", "patch"])
def test_an_item_of_another_partition_is_not_found(container: Any, operation: str) -> None:
    fill(container, "a")
    calls = {
        "read": lambda: container.read_item("a", "e"),
        "delete": lambda: container.delete_item("a", "e"),
        "replace": lambda: container.replace_item("a", {"id": "a", "pk": "e"}),
        "patch": lambda: container.patch_item("a", "e", [{"op": "set", "path": "/n", "value": 1}]),
    }
    with pytest.raises(CosmosResourceNotFoundError):
        calls[operation]()
    assert ids(container) == ["a"]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM c",
        "SELECT c.id FROM c ORDER BY c.id",
        "SELECT c.id FROM thing c WHERE c.id < 'x' OR c.id > 'a' ORDER BY c.id DESC",
        "SELECT r.id FROM root r WHERE r.note != ' ORDER BY WHERE '",
        "select c.id from c where c.id in ('a','b') order by c.id",
    ],
)
def test_a_query_sees_its_own_partition_only(container: Any, query: str) -> None:
    fill(container, "a", "b", note="n")
    fill(container, "a", "c", pk='o"ther', note="n")
    found = container.query_items(query, partition_key="d")
    assert sorted(item["id"] for item in found) == ["a", "b"]
    assert list(container.query_items(query, partition_key="nobody")) == []


def test_a_query_without_a_partition_key_sees_all(container: Any) -> None:
    fill(container, "a")
    fill(container, "b", pk="e")
    assert sorted(item["id"] for item in container.read_all_items()) == ["a", "b"]
    found = container.query_items("SELECT VALUE c.id FROM c", enable_cross_partition_query=True)
    assert sorted(found) == ["a", "b"]


@pytest.mark.parametrize(
    "order", ["", *(pytest.param(f" ORDER BY c.id{way}", marks=pytest.mark.slow) for way in ("", " DESC"))]
)
def test_pages_hold_every_item_once_though_items_are_rewritten_and_deleted_meanwhile(
    container: Any, order: str
) -> None:
    names = [f"{n:02d}" for n in range(70)]
    fill(container, *names)
    fill(container, *names[:30], pk="e")
    fill(container, *names[::3], n=2)
    seen: list[str] = []
    continuation = None
    for page in range(100):
        pages = container.query_items(
            "SELECT c.id FROM c WHERE c.id >= @low" + order,
            parameters=[{"name": "@low", "value": "05"}],
            partition_key="d",
            max_item_count=9,
        ).by_page(continuation)
        found = [item["id"] for item in next(pages)]
        assert 0 < len(found) <= 9
        seen += found
        continuation = pages.continuation_token
        if not continuation:
            break
        fill(container, seen[0], n=page + 3)
        container.delete_item(seen[-1], "d")
    assert sorted(seen) == names[5:]
    if order:
        assert seen == sorted(seen, reverse="DESC" in order)


def test_a_page_ends_at_4_megabytes(container: Any) -> None:
    fill(container, *"abcdefgh", text="x" * 1_000_000)
    pages = container.query_items("SELECT * FROM c ORDER BY c.id", partition_key="d", max_item_count=1000).by_page()
    sizes = [len(list(page)) for page in pages]
    assert sum(sizes) == 8
    assert max(sizes) <= 4


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
