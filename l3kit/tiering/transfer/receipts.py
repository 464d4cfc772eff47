"""Receipts: small objects that the cold-to-archive mover leaves for chunks that a hot-to-cold run may still look up.

A run that died right after storing a chunk leaves an open entry in its journal, and the next run looks the chunk up in
the cold tier. Without a receipt, a chunk archived in between would appear lost, and its items would be moved twice.
Only the chunk with a device's highest number can have an open entry, so a device has at most one receipt, besides old
ones that the mover removes. That receipt stays until the cold tier holds a chunk with a higher number: it shows a
journal that has lost the device's record which numbers are spent. Numbers below RESERVED_NUMBERS and those from there
on are two number spaces, each with a last chunk of its own. docs/reference/journal.md, "Both movers at once".
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

import orjson

from l3kit.errors import StoreError
from l3kit.tiering.format.chunks import MAX_KEY_BYTES, RESERVED_PREFIX, parse_object_key
from l3kit.tiering.ports import ObjectStore

if TYPE_CHECKING:
    from l3kit.tiering.format.last_chunks import NumberSpace

RECEIPT_PREFIX = f"{RESERVED_PREFIX}archived/"
MAX_CHUNK_KEY_BYTES = MAX_KEY_BYTES - len(RECEIPT_PREFIX)
"""Leaves room for the prefix in the key of the chunk's receipt."""


async def leave_receipt(cold: ObjectStore, key: str, sha256: str | None) -> None:
    """Record that a chunk was archived, before it is deleted from the cold tier. Idempotent.

    Args:
        sha256: None for a third-party object without a digest; the receipt then records only its number.
    Raises: KeyConflictError, StoreError.
    """
    body = orjson.dumps({"sha256": sha256})
    await cold.create(RECEIPT_PREFIX + key, body, sha256=hashlib.sha256(body).hexdigest())


async def archived_digest(cold: ObjectStore, key: str) -> str | None:
    """The digest of an archived chunk from its receipt; None without one. Raises: StoreError."""
    if await cold.head(RECEIPT_PREFIX + key) is None:
        return None
    try:
        digest: str | None = orjson.loads(await cold.read(RECEIPT_PREFIX + key))["sha256"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise StoreError(
            RECEIPT_PREFIX + key, f"is not a valid receipt ({error!r})", "Find out which program wrote it"
        ) from None
    return digest


async def remove_old_receipts(cold: ObjectStore, highest: Mapping[NumberSpace, int]) -> None:
    """Remove the receipts of chunks that are not the last of their number space, whose entries are certainly closed.

    Args:
        highest: the highest chunk number seen in the cold tier, by number space. Numbers that were not seen only leave
            more receipts in place.
    Raises: StoreError.
    """
    from l3kit.tiering.format.last_chunks import number_space

    listed = [info.key async for info in cold.list(RECEIPT_PREFIX)]
    receipts = {key: chunk for key in listed if (chunk := parse_object_key(key.removeprefix(RECEIPT_PREFIX)))}
    last = dict(highest)
    for chunk in receipts.values():
        space = number_space(chunk)
        last[space] = max(chunk.number, last.get(space, 0))
    for key, chunk in receipts.items():
        if chunk.number < last[number_space(chunk)]:
            await cold.delete(key)
