"""Who takes part in the conformance suite. A new cloud adds a function here and a parameter in conftest.py.

No backend has a gap. One that cannot pass a case in the sandbox declares it here, with the reason.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from l3kit.clouds.aws.credentials import Credentials
from l3kit.clouds.aws.stores import Place, open_hot, open_journal, open_objects
from l3kit.sandbox import SandboxState
from l3kit.tiering.ports import HotStore, JournalStore, ObjectStore, Tier
from tests.support.memory_stores import MemoryHotStore, MemoryJournalStore, MemoryObjectStore


@dataclass(frozen=True)
class Backend:
    """How a cloud's stores are made, empty, for one test."""

    name: str
    hot: Callable[[], HotStore]
    journal: Callable[[], JournalStore]
    objects: Callable[[Tier], ObjectStore]


def memory() -> Backend:
    return Backend(
        "memory",
        MemoryHotStore,
        MemoryJournalStore,
        MemoryObjectStore,
    )


def aws(state: SandboxState, client: Callable[[str], Any]) -> Backend:
    place = Place(state.region, lambda: Credentials("sandbox", "sandbox"), state.aws_endpoint)

    def table(*keys: str) -> str:
        name = f"conformance-{uuid.uuid4().hex[:12]}"
        client("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": k, "KeyType": t} for k, t in zip(keys, ("HASH", "RANGE"), strict=False)],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            BillingMode="PAY_PER_REQUEST",
        )
        return name

    def objects(tier: Tier) -> ObjectStore:
        bucket = f"conformance-{uuid.uuid4().hex[:12]}"
        client("s3").create_bucket(Bucket=bucket)
        return open_objects(bucket, tier, place)

    return Backend(
        "aws",
        lambda: open_hot(table("iotDeviceId", "id"), place),
        lambda: open_journal(table("name"), place),
        objects,
    )
