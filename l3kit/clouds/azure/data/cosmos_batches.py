"""Transactional batches of Cosmos DB: all operations on one partition, or none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from l3kit.clouds.azure.data.cosmos import CosmosContainer, Reply, Send
from l3kit.clouds.azure.data.items import Document
from l3kit.errors import StoreError
from l3kit.tiering.hot_creates import cut

BATCH = 100
"""Maximum operations per transactional batch (Cosmos DB's limit)."""
BATCH_BYTES = 1_500_000
"""Bytes of documents per batch; the service's limit is 2 MB per request."""
OPERATION_BYTES = 100
"""Allowance for an operation's other parts."""
GONE = 404
CHANGED = 412


def batch_call(device_id: str, operations: Sequence[Any]) -> Send:
    """The SDK call of a batch."""
    return lambda container, options: container.execute_item_batch(operations, partition_key=device_id, **options)


def batched(documents: Sequence[Document]) -> Iterator[list[Document]]:
    """Split documents into batches."""
    return cut(documents, BATCH, BATCH_BYTES, lambda document: len(orjson.dumps(document)) + OPERATION_BYTES)


async def execute(
    container: CosmosContainer, kind: str, device_id: str, operations: Sequence[Any], expected: frozenset[int]
) -> Reply:
    """Send a transactional batch with retries.

    Args:
        expected: statuses of a refused request or operation that are returned to the caller.
    Raises: StoreError.
    """

    reply = await container.call(kind, "write", batch_call(device_id, operations), expected=expected)
    if reply.status and reply.status not in expected:
        raise StoreError(container.resource, f"{kind} returned {reply.status}")
    return reply
