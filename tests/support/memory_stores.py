"""In-memory reference stores: the simplest implementation of the contracts of `l3kit.tiering.ports`.

They pass the same conformance suite as the clouds' stores. `delayed(seed)` returns a view with calls that interleave in
a random but repeatable order.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from l3kit.errors import ItemRefusedError, KeyConflictError, StoreError
from l3kit.tiering.format.exact_numbers import exact_loads
from l3kit.tiering.ports import (
    Created,
    Creation,
    Held,
    JournalRow,
    ObjectInfo,
    ObjectStore,
    ObjectVersion,
    Page,
    Refused,
    Tier,
    Usage,
    always,
)

MAX_ITEM_BYTES = 2 << 20


class Delayed:
    """A store that delays each call by random numbers of event loop iterations, before and after it takes effect."""

    def __init__(self, store: Any, seed: int) -> None:
        self._store, self._random = store, random.Random(seed)

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._store, name)
        if not asyncio.iscoroutinefunction(attribute):
            return attribute

        async def call(*args: Any, **kwargs: Any) -> Any:
            for _ in range(self._random.randrange(6)):
                await asyncio.sleep(0)
            result = await attribute(*args, **kwargs)
            for _ in range(self._random.randrange(6)):
                await asyncio.sleep(0)
            return result

        return call


class MemoryHotStore:
    """Items by device and sort key; pages of `page_items` items."""

    def __init__(self, page_items: int = 10) -> None:
        self.usage = Usage()
        self.devices: dict[str, dict[str, bytes]] = {}
        self._page_items = page_items

    def delayed(self, seed: int) -> Delayed:
        return Delayed(self, seed)

    async def read_page(
        self,
        device_id: str,
        *,
        before: str,
        after: str | None = None,
        since: str | None = None,
        limit: int | None = None,
    ) -> Page:
        self.usage.count("query")
        count = self._page_items if limit is None else max(1, min(limit, self._page_items))
        items = self.devices.get(device_id, {})
        keys = [
            key
            for key in sorted(items)
            if key < before and (after is None or key > after) and (since is None or key >= since)
        ]
        found, more = keys[:count], len(keys) > count
        versions = {key: items[key] for key in found}
        return Page(found, list(versions.values()), found[-1] if more else None, (device_id, versions))

    async def delete_page(
        self,
        page: Page,
        sort_keys: Sequence[str],
        *,
        check: Callable[[], None] = always,
        attempt: int = 1,
    ) -> list[str]:
        device_id, versions = page.seen  # type: ignore[misc]
        stored = self.devices.get(device_id, {})
        left = []
        for key in sort_keys:
            check()
            self.usage.count("delete")
            if stored.get(key, versions[key]) == versions[key]:
                stored.pop(key, None)
            else:
                left.append(key)
        return left

    async def put_items(self, device_id: str, items: Sequence[bytes]) -> None:
        for item in items:
            self.usage.count("put")
            self.devices.setdefault(device_id, {})[_sort_key(item)] = item

    async def create_items(self, items: Sequence[bytes]) -> list[Creation]:
        return [self._create(item) for item in items]

    def _create(self, item: bytes) -> Creation:
        self.usage.count("create")
        try:
            device_id, sort_key = _keys(item)
        except ItemRefusedError as error:
            return Refused(str(error))
        if len(item) > MAX_ITEM_BYTES:
            return Refused(f"item {device_id}/{sort_key}: has {len(item)} bytes")
        items = self.devices.setdefault(device_id, {})
        if sort_key in items:
            return Held(items[sort_key], items[sort_key])
        items[sort_key] = item
        return Created()

    async def replace_item(self, item: bytes, held: Held) -> bool:
        self.usage.count("replace")
        device_id, sort_key = _keys(item)
        there = self.devices.get(device_id, {}).get(sort_key)
        if there is None or there is not held.seen:
            return there == item
        self.devices[device_id][sort_key] = item
        return True

    async def delete_items(self, device_id: str, sort_keys: Sequence[str]) -> None:
        self.usage.count("batch_delete")
        for key in sort_keys:
            self.devices.get(device_id, {}).pop(key, None)

    async def last_item(self, device_id: str) -> bytes | None:
        items = self.devices.get(device_id)
        return items[max(items)] if items else None

    async def device_ids(self, *, limit: int | None = None) -> AsyncIterator[Sequence[str]]:
        self.usage.count("scan")
        for device_id, items in list(self.devices.items()):
            yield [device_id] if items else []

    async def close(self) -> None:
        return None


def _keys(item: bytes) -> tuple[str, str]:
    sort_key = _sort_key(item)
    device_id = exact_loads(item).get("iotDeviceId")
    if not isinstance(device_id, str):
        raise ItemRefusedError("item", "its device id is not a text")
    return device_id, sort_key


def _sort_key(item: bytes) -> str:
    try:
        sort_key = exact_loads(item)["id"]
    except (ValueError, KeyError, TypeError) as error:
        raise ItemRefusedError("item", f"is none ({error!r})") from None
    if not isinstance(sort_key, str):
        raise ItemRefusedError("item", "its sort key is not a text")
    return sort_key


class MemoryJournalStore:
    """Rows by name, with compare-and-swap."""

    def __init__(self) -> None:
        self.usage = Usage()
        self.rows: dict[str, JournalRow] = {}

    def delayed(self, seed: int) -> Delayed:
        return Delayed(self, seed)

    async def load(self, name: str) -> JournalRow | None:
        self.usage.count("get")
        return self.rows.get(name)

    async def swap(self, name: str, row: JournalRow) -> bool:
        self.usage.count("put")
        there = self.rows.get(name)
        if (there.version if there else 0) != row.version - 1:
            return False
        self.rows[name] = JournalRow(row.version, dict(row.attributes))
        return True

    async def remove(self, name: str, version: int) -> bool:
        self.usage.count("delete")
        there = self.rows.get(name)
        if there is not None and there.version != version:
            return False
        self.rows.pop(name, None)
        return True

    async def names(self, prefix: str = "") -> list[str]:
        return sorted(name for name in self.rows if name.startswith(prefix))

    async def close(self) -> None:
        return None


class MemoryObjectStore:
    """Objects by key, created only if the key is free; archived ones cannot be read before a restore."""

    def __init__(self, tier: Tier, name: str = "bucket") -> None:
        self.tier = tier
        self.name = name
        self.usage = Usage()
        self.now = datetime(2026, 3, 1, tzinfo=UTC)
        self.objects: dict[str, tuple[ObjectInfo, bytes]] = {}
        self.restored: set[str] = set()
        self.former: dict[str, list[ObjectVersion]] | None = None
        """What a bucket with versioning keeps of deleted objects; None without versioning."""

    def key_fault(self, key: str) -> str | None:
        return None

    def delayed(self, seed: int) -> Delayed:
        return Delayed(self, seed)

    def bodies(self) -> dict[str, bytes]:
        """The contents of all objects, decompressed according to their encoding."""
        from l3kit.tiering.format.chunks import decompress

        return {key: decompress(body, info.content_encoding or "none") for key, (info, body) in self.objects.items()}  # type: ignore[arg-type]

    async def create(
        self,
        key: str,
        body: bytes,
        *,
        sha256: str,
        content_encoding: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> ObjectInfo:
        self.usage.count("put")
        if key in self.objects:
            return self._same(key, sha256)
        etag = hashlib.md5(body + key.encode()).hexdigest()
        storage_class = "STANDARD" if key.startswith("_l3kit/") else self.tier
        kept = {**(metadata or {}), "sha256": sha256}
        info = ObjectInfo(key, len(body), etag, self.now, sha256, storage_class, content_encoding, kept)
        self.objects[key] = (info, body)
        return info

    def _same(self, key: str, sha256: str) -> ObjectInfo:
        info = self.objects[key][0]
        if info.sha256 != sha256:
            raise KeyConflictError(key, "holds other content", "It was left unchanged", existing_sha256=info.sha256)
        return info

    async def create_large(
        self,
        key: str,
        parts: AsyncIterator[bytes],
        *,
        sha256: str,
        content_encoding: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> ObjectInfo:
        body = b"".join([part async for part in parts])
        if content_encoding is None and hashlib.sha256(body).hexdigest() != sha256:
            raise StoreError(key, "the parts do not have the digest that was declared", "Send them again")
        return await self.create(key, body, sha256=sha256, content_encoding=content_encoding, metadata=metadata)

    async def head(self, key: str) -> ObjectInfo | None:
        self.usage.count("head")
        return self.objects[key][0] if key in self.objects else None

    async def read(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        self.usage.count("get")
        if key not in self.objects:
            raise StoreError(key, "is not there")
        if await self.restore_state(key) == "archived":
            raise StoreError(key, "is archived", "Request a restore first")
        body = self.objects[key][1]
        return body[start : None if length is None else start + length]

    async def delete(self, key: str, *, etag: str | None = None) -> bool:
        self.usage.count("delete")
        if key in self.objects and etag is not None and self.objects[key][0].etag != etag:
            return False
        if (there := self.objects.pop(key, None)) is not None and self.former is not None:
            kept = self.former.setdefault(key, [])
            kept.append(_version(there[0], f"v{len(kept)}", current=False))
        return True

    async def versions(self, prefix: str = "") -> AsyncIterator[ObjectVersion]:
        self.usage.count("list")
        for key in sorted({*self.objects, *(self.former or ())}, key=lambda k: k.encode()):
            if not key.startswith(prefix):
                continue
            if key in self.objects:
                yield _version(self.objects[key][0], "current", current=True)
            for former in list((self.former or {}).get(key, ())):
                yield former

    async def delete_version(self, version: ObjectVersion) -> None:
        self.usage.count("delete_version")
        if version.current:
            self.objects.pop(version.key, None)
        elif self.former is not None:
            left = [one for one in self.former.pop(version.key, []) if one.version != version.version]
            self.former |= {version.key: left} if left else {}

    async def list(self, prefix: str = "") -> AsyncIterator[ObjectInfo]:
        self.usage.count("list")
        for key in sorted(self.objects, key=lambda k: k.encode()):
            if key.startswith(prefix) and key in self.objects:
                info = self.objects[key][0]
                yield ObjectInfo(info.key, info.size, info.etag, info.modified, storage_class=info.storage_class)

    async def copy_from(self, source: ObjectStore, info: ObjectInfo) -> ObjectInfo:
        self.usage.count("copy")
        there = await source.head(info.key)
        if there is None or there.etag != info.etag:
            raise StoreError(info.key, "changed before it was copied", "The next run tries again")
        body = await source.read(info.key)
        digest = there.sha256 or hashlib.sha256(body).hexdigest()
        return await self.create(
            info.key, body, sha256=digest, content_encoding=there.content_encoding, metadata=there.metadata
        )

    async def restore(self, key: str, *, days: int) -> str:
        self.usage.count("restore")
        self.restored.add(key)
        return await self.restore_state(key)

    async def restore_state(self, key: str) -> str:
        if self.objects[key][0].storage_class != "archive":
            return "readable"
        return "restored" if key in self.restored else "archived"

    async def close(self) -> None:
        return None


def _version(info: ObjectInfo, name: str, *, current: bool) -> ObjectVersion:
    return ObjectVersion(info.key, name, info.size, info.etag, info.modified, current)
