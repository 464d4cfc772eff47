"""Transactional batches: all operations or none, their limits, and batches at once."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from azure.cosmos.exceptions import CosmosBatchOperationError, CosmosHttpResponseError

from tests.integration.sandbox.azure.cosmos.items import fill, ids

pytestmark = pytest.mark.sandbox


def test_a_batch_carries_out_every_kind_of_operation_in_order(container: Any) -> None:
    fill(container, "read", "replaced", "deleted", n=1)
    answers = container.execute_item_batch(
        [
            ("create", ({"id": "new", "pk": "d"},)),
            ("upsert", ({"id": "new", "pk": "d", "n": 2},)),
            ("read", ("read",)),
            ("replace", ("replaced", {"id": "replaced", "pk": "d", "n": 3})),
            ("delete", ("deleted",)),
        ],
        partition_key="d",
    )
    assert [answer["statusCode"] for answer in answers] == [201, 200, 200, 200, 204]
    assert all(answer["requestCharge"] > 0 for answer in answers)
    assert [answer.get("resourceBody", {}).get("n") for answer in answers] == [None, 2, 1, 3, None]
    assert answers[3]["eTag"] == container.read_item("replaced", "d")["_etag"]
    assert ids(container) == ["new", "read", "replaced"]


@pytest.mark.parametrize(
    ("failing", "status"),
    [
        (("create", ({"id": "a", "pk": "d"},)), 409),
        (("delete", ("gone",)), 404),
        (("replace", ("gone", {"id": "gone", "pk": "d"})), 404),
        (("delete", ("a",), {"if_match_etag": "another"}), 412),
        (("upsert", ({"id": "x/y", "pk": "d"},)), 400),
        (("upsert", ({"id": "z", "pk": "other"},)), 400),
        (("patch", ("a", [{"op": "incr", "path": "/n", "value": 1}])), 400),  # not offered
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
