"""Lookups of a device's chunks in the cold tier, and in the archive if reachable."""

from __future__ import annotations

from collections.abc import Sequence

from l3kit.tiering.format.chunks import RESERVED_NUMBERS, device_prefix, parse_object_key
from l3kit.tiering.format.digest import ContentDigest
from l3kit.tiering.ports import ObjectStore
from l3kit.tiering.transfer.receipts import RECEIPT_PREFIX, archived_digest

_SLICE = 4 * 1024 * 1024


async def stored_digest(store: ObjectStore, key: str) -> str | None:
    """The digest of the object, computed from its content if the metadata lack it; None if there is no object.

    Raises: StoreError if the object cannot be read.
    """
    info = await store.head(key)
    if info is None or info.sha256:
        return info.sha256 if info else None
    digest = ContentDigest(info.content_encoding, f"{store.name}/{key}")
    for start in range(0, info.size, _SLICE):
        digest.update(await store.read(key, start=start, length=min(_SLICE, info.size - start)))
    return digest.hexdigest()


async def look(cold: ObjectStore, key: str) -> str | None:
    """The digest of the cold tier's object, or of the one archived from there; None if neither is known.

    Reads the receipt last, since the cold-to-archive mover writes it before it deletes the object. Raises: StoreError.
    """
    return await stored_digest(cold, key) or await archived_digest(cold, key)


async def highest_number(device_id: str, cold: ObjectStore | None, archive: ObjectStore | None) -> int:
    """The highest number below RESERVED_NUMBERS of a device's chunks and receipts in these tiers; 0 if none.

    Costs one listing of the device's objects in each tier, and one of its receipts. Raises: StoreError.
    """
    own = device_prefix(device_id)
    places: Sequence[tuple[ObjectStore | None, str]] = ((cold, ""), (cold, RECEIPT_PREFIX), (archive, ""))
    highest = 0
    for store, prefix in places:
        if store is None:
            continue
        async for info in store.list(prefix + own):
            chunk = parse_object_key(info.key.removeprefix(prefix))
            if chunk and chunk.device_id == device_id and chunk.number < RESERVED_NUMBERS:
                highest = max(highest, chunk.number)
    return highest
