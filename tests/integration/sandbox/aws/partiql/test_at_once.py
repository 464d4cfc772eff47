"""Deletes, inserts and new versions at the same moment: one of them wins, and nothing of another is lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.sandbox.aws.partiql.statements import Table, key

pytestmark = pytest.mark.sandbox


def new_version(table: Table, way: str) -> None:
    """Write version 2 of item 1 with one of the writing calls."""
    item, client = {**key("1"), "v": {"N": "2"}}, table.client
    if way == "PutItem":
        client.put_item(TableName=table.name, Item=item)
    elif way == "BatchWriteItem":
        client.batch_write_item(RequestItems={table.name: [{"PutRequest": {"Item": item}}]})
    else:
        client.update_item(
            TableName=table.name,
            Key=key("1"),
            UpdateExpression="SET v = :v",
            ExpressionAttributeValues={":v": {"N": "2"}},
        )


@pytest.mark.parametrize("way", ["PutItem", "BatchWriteItem", "UpdateItem"])
def test_a_new_version_survives_the_delete_of_the_old_one_at_the_same_moment(table: Table, way: str) -> None:
    old = {"v": {"N": "1"}}
    with ThreadPoolExecutor(2) as pool:
        for _ in range(20):
            table.put("1", **old)
            writing = pool.submit(new_version, table, way)
            deleting = pool.submit(table.batch, table.delete("1", old))
            (told,) = deleting.result()
            writing.result()
            assert table.get("1") == {**key("1"), "v": {"N": "2"}}
            assert told.get("Item", {}).get("v") in (None, {"N": "1"})


def test_of_many_deletes_at_once_one_takes_the_item_and_of_many_inserts_one_creates_it(table: Table) -> None:
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            created = list(pool.map(lambda n: table.batch(table.insert("1", n={"N": str(n)}))[0], range(8)))
            assert sorted("Error" in one for one in created) == [False] + [True] * 7
            taken = list(pool.map(lambda _: table.batch(table.delete("1"))[0].get("Item"), range(8)))
            assert sum(item is not None for item in taken) == 1
            assert table.get("1") is None
