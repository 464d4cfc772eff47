"""The documented requests of writers and readers, and where they are deployed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from l3kit.clouds.azure.data.blob_names import key_fault as azure_fault
from l3kit.clouds.gcp.data.object_names import key_fault as gcp_fault
from l3kit.operate.coroutines import run
from l3kit.operate.tier_stores import open_tiers
from l3kit.providers import BUILT_IN
from l3kit.session import Session
from l3kit.tiering.format.chunks import decompress, parse_object_key
from l3kit.tiering.transfer.receipts import leave_receipt
from l3kit.twin.config import Twin
from tests.support.operators import root_of
from tests.support.protocol_requests import Endpoint

COLD, ARCHIVE = "/cold-writer", "/archive-writer"
HISTORY, LAST = "/hot-reader", "/hot-reader-last-entry"
KEY_FAULTS: Mapping[str, Callable[[str], str | None]] = {
    "aws": lambda key: None,
    "azure": azure_fault,
    "gcp": gcp_fault,
}
"""What a cloud's store cannot hold is refused with 400, like anything else that is wrong."""
Writers = Mapping[str, Endpoint]


PROVIDERS = tuple(BUILT_IN)


def sender(cloud: str) -> str:
    return PROVIDERS[(PROVIDERS.index(cloud) + 1) % len(PROVIDERS)]


def contents(session: Session, twin: Twin, tier: str, prefix: str = "") -> dict[str, bytes]:
    """What is stored in a tier, as it was before compression; archived objects are restored."""

    async def steps() -> dict[str, bytes]:
        found = {}
        async with open_tiers(session, twin) as stores:
            store = stores.cold if tier == "cold" else stores.archive
            assert store is not None
            for key in [info.key async for info in store.list(prefix)]:
                await store.restore(key, days=1) if tier == "archive" else None
                chunk_key = parse_object_key(key)
                found[key] = decompress(await store.read(key), chunk_key.compression if chunk_key else "none")
        return found

    return run(steps())


def archive_as_the_mover_does(session: Session, twin: Twin, receipt: Mapping[str, str]) -> None:
    """Leave what the cold-to-archive mover leaves of a chunk in the cold tier: its receipt alone."""

    async def steps() -> None:
        async with open_tiers(root_of(session), twin) as stores:
            assert stores.cold is not None
            await leave_receipt(stores.cold, receipt["key"], receipt["sha256"])
            await stores.cold.delete(receipt["key"])

    run(steps())
