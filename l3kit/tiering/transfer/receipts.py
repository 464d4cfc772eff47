"""Receipts: what the cold-to-archive mover leaves behind for a chunk that a hot-to-cold run may still be asking about.

A run that died right after storing a chunk has left an open entry in its journal; the next run asks the cold tier for
that chunk. Were it archived in between, nothing would tell, and its items would be moved a second time. Only the chunk
with a device's highest number can have an open entry, so a device has one receipt at most, besides old ones that the
mover removes. The receipt of the highest number stays as long as the cold tier holds no chunk of a higher one: from it
a journal that has lost the device's record learns which numbers are spent. Numbers below RESERVED_NUMBERS and those
from there on are two number spaces, each with a last chunk of its own. docs/journal.md, "Both movers at once".
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import orjson

from l3kit.errors import StoreError
from l3kit.tiering.format.chunks import RESERVED_PREFIX, parse_object_key
from l3kit.tiering.format.last_chunks import NumberSpace, number_space
from l3kit.tiering.ports import ObjectStore
from l3kit.tiering.transfer.wire import MAX_KEY_BYTES

RECEIPT_PREFIX = f"{RESERVED_PREFIX}archived/"
MAX_CHUNK_KEY_BYTES = MAX_KEY_BYTES - len(RECEIPT_PREFIX)
"""The chunk's receipt, once it is archived, has the key with a prefix."""


async def leave_receipt(cold: ObjectStore, key: str, sha256: str | None) -> None:
    """Note that a chunk of this digest was archived; before it is deleted from the cold tier. A repeat is harmless.

    Args:
        sha256: None for an object of another hand whose digest nobody noted: then the receipt tells its number alone.
    Raises: KeyConflictError, StoreError.
    """
    body = orjson.dumps({"sha256": sha256})
    await cold.create(RECEIPT_PREFIX + key, body, sha256=hashlib.sha256(body).hexdigest())


async def archived_digest(cold: ObjectStore, key: str) -> str | None:
    """The digest of a chunk that was archived, where its receipt is there. Raises: StoreError."""
    if await cold.head(RECEIPT_PREFIX + key) is None:
        return None
    try:
        digest: str | None = orjson.loads(await cold.read(RECEIPT_PREFIX + key))["sha256"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise StoreError(RECEIPT_PREFIX + key, f"is no receipt ({error!r})", "Look at what wrote it") from None
    return digest


async def remove_old_receipts(cold: ObjectStore, highest: Mapping[NumberSpace, int]) -> None:
    """Remove the receipts of chunks that are not the last of their number space: their entries are closed for certain.

    Args:
        highest: the greatest chunk number seen in the cold tier, by number space. What was not seen only leaves more
            receipts in place.
    Raises: StoreError.
    """
    listed = [info.key async for info in cold.list(RECEIPT_PREFIX)]
    receipts = {key: chunk for key in listed if (chunk := parse_object_key(key.removeprefix(RECEIPT_PREFIX)))}
    last = dict(highest)
    for chunk in receipts.values():
        space = number_space(chunk)
        last[space] = max(chunk.number, last.get(space, 0))
    for key, chunk in receipts.items():
        if chunk.number < last[number_space(chunk)]:
            await cold.delete(key)
