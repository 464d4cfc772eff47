"""Items of the cases for the sandbox's Cosmos DB."""

from __future__ import annotations

from typing import Any


def fill(container: Any, *ids: str, pk: str = "d", **more: Any) -> None:
    for id_ in ids:
        container.upsert_item({"id": id_, "pk": pk, **more})


def ids(container: Any, pk: str = "d") -> list[str]:
    found = container.query_items("SELECT VALUE c.id FROM c ORDER BY c.id", partition_key=pk)
    return list(found)


def charge(container: Any) -> float:
    return float(container.client_connection.last_response_headers["x-ms-request-charge"])
