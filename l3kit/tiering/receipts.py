"""Receipts: what the cold-to-archive mover leaves behind for a chunk that a hot-to-cold run may still be asking about.

A run that died right after storing a chunk has left an open entry in its journal; the next run asks the cold tier for
that chunk. Were it archived in between, nothing would tell, and its items would be moved a second time. Only the chunk
with a device's highest number can have an open entry, so a device has one receipt at most, besides old ones that the
mover removes. docs/journal.md, "Both movers at once".
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import orjson

from l3kit.errors import StoreError
from l3kit.tiering.chunks import RESERVED_PREFIX, parse_object_key
from l3kit.tiering.ports import ObjectStore

RECEIPT_PREFIX = f"{RESERVED_PREFIX}archived/"


async def leave_receipt(cold: ObjectStore, key: str, sha256: str) -> None:
    """Note that a chunk of this digest was archived; before it is deleted from the cold tier. A repeat is harmless.

    Raises: KeyConflictError, StoreError.
    """
    body = orjson.dumps({"sha256": sha256})
    await cold.create(RECEIPT_PREFIX + key, body, sha256=hashlib.sha256(body).hexdigest())


async def archived_digest(cold: ObjectStore, key: str) -> str | None:
    """The digest of a chunk that was archived, where its receipt is there. Raises: StoreError."""
    if await cold.head(RECEIPT_PREFIX + key) is None:
        return None
    try:
        digest: str = orjson.loads(await cold.read(RECEIPT_PREFIX + key))["sha256"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise StoreError(RECEIPT_PREFIX + key, f"is no receipt ({error!r})", "Look at what wrote it") from None
    return digest


async def remove_old_receipts(cold: ObjectStore, highest: Mapping[str, int]) -> None:
    """Remove the receipts of chunks that are not their device's last: their entries are closed for certain.

    Args:
        highest: the greatest chunk number seen in the cold tier, by device id.
    Raises: StoreError.
    """
    listed = [info.key async for info in cold.list(RECEIPT_PREFIX)]
    receipts = {key: chunk for key in listed if (chunk := parse_object_key(key.removeprefix(RECEIPT_PREFIX)))}
    last = dict(highest)
    for chunk in receipts.values():
        last[chunk.device_id] = max(chunk.number, last.get(chunk.device_id, 0))
    for key, chunk in receipts.items():
        if chunk.number < last[chunk.device_id]:
            await cold.delete(key)
