"""Toybox's hot store: a table of items, each with a version that no other write ever has."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from l3kit.errors import ItemRefusedError
from l3kit.tiering.format.exact_numbers import exact_loads
from l3kit.tiering.ports import Created, Creation, Held, Page, Refused, Usage, always
from tests.toy_cloud.database import Database

PAGE_BYTES = 1024 * 1024
PAGE_ITEMS = 1000
BATCH = 100
MAX_ITEM_BYTES = 2 << 20
VALUES = "INTO items VALUES (?, ?, randomblob(16), ?)"
SCHEMA = """
CREATE TABLE IF NOT EXISTS items (
    device BLOB, sort_key BLOB, version BLOB, body BLOB, PRIMARY KEY (device, sort_key)
) WITHOUT ROWID
"""


class ToyHotStore:
    """The port `HotStore`."""

    def __init__(self, folder: Path) -> None:
        self.usage = Usage()
        self._database = Database(folder, SCHEMA)

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
        bound, start = (">", after) if after is not None else (">=", since or "")
        most = min(limit or PAGE_ITEMS, PAGE_ITEMS)
        query = f"""SELECT sort_key, version, body FROM items
            WHERE device = ? AND sort_key < ? AND sort_key {bound} ? ORDER BY sort_key LIMIT ?"""
        found = self._database.rows(query, device_id.encode(), before.encode(), start.encode(), most + 1)
        size = count = 0
        while count < min(most, len(found)) and (not count or size + len(found[count][2]) <= PAGE_BYTES):
            size += len(found[count][2])
            count += 1
        keys = [key.decode() for key, _, _ in found[:count]]
        versions = dict(zip(keys, (version for _, version, _ in found), strict=False))
        more = keys[-1] if count < len(found) else None
        return Page(keys, [body for _, _, body in found[:count]], more, (device_id, versions))

    async def delete_page(
        self, page: Page, sort_keys: Sequence[str], *, check: Callable[[], None] = always, attempt: int = 1
    ) -> list[str]:
        device_id, versions = page.seen  # type: ignore[misc]
        left: list[str] = []
        for start in range(0, len(sort_keys), BATCH):
            check()
            self.usage.count("batch_delete")
            with self._database.transaction():
                left += [
                    key
                    for key in sort_keys[start : start + BATCH]
                    if not self._delete(device_id.encode(), key.encode(), versions[key])
                ]
        return left

    def _delete(self, device: bytes, sort_key: bytes, version: bytes) -> bool:
        """Delete the version that was read. Returns: whether the item is gone."""
        where = "WHERE device = ? AND sort_key = ?"
        if self._database.change(f"DELETE FROM items {where} AND version = ?", device, sort_key, version):
            return True
        return not self._database.rows(f"SELECT 1 FROM items {where}", device, sort_key)

    async def put_items(self, device_id: str, items: Sequence[bytes]) -> None:
        self.usage.count("put", len(items))
        keyed = [(_sort_key(item), item) for item in items]
        with self._database.transaction():
            for sort_key, item in keyed:
                self._database.change(f"INSERT OR REPLACE {VALUES}", device_id.encode(), sort_key, item)

    async def create_items(self, items: Sequence[bytes]) -> list[Creation]:
        self.usage.count("create", len(items))
        with self._database.transaction():
            return [self._create(item) for item in items]

    def _create(self, item: bytes) -> Creation:
        try:
            device, sort_key = _keys(item)
        except ItemRefusedError as error:
            return Refused(str(error))
        if len(item) > MAX_ITEM_BYTES:
            return Refused(f"item {device.decode()}/{sort_key.decode()}: has {len(item)} bytes")
        if self._database.change(f"INSERT OR IGNORE {VALUES}", device, sort_key, item):
            return Created()
        query = "SELECT body, version FROM items WHERE device = ? AND sort_key = ?"
        ((body, version),) = self._database.rows(query, device, sort_key)
        return Held(body, version)

    async def replace_item(self, item: bytes, held: Held) -> bool:
        self.usage.count("replace")
        statement = (
            "UPDATE items SET version = randomblob(16), body = ? WHERE device = ? AND sort_key = ? AND version = ?"
        )
        return bool(self._database.change(statement, item, *_keys(item), held.seen))

    async def delete_items(self, device_id: str, sort_keys: Sequence[str]) -> None:
        self.usage.count("batch_delete")
        with self._database.transaction():
            for key in sort_keys:
                where = "WHERE device = ? AND sort_key = ?"
                self._database.change(f"DELETE FROM items {where}", device_id.encode(), key.encode())

    async def last_item(self, device_id: str) -> bytes | None:
        self.usage.count("query")
        query = "SELECT body FROM items WHERE device = ? ORDER BY sort_key DESC LIMIT 1"
        found = self._database.rows(query, device_id.encode())
        return found[0][0] if found else None

    async def device_ids(self, *, limit: int | None = None) -> AsyncIterator[Sequence[str]]:
        last = b""
        while True:
            self.usage.count("scan")
            query = "SELECT DISTINCT device FROM items WHERE device > ? ORDER BY device LIMIT ?"
            found = [device for (device,) in self._database.rows(query, last, limit or BATCH)]
            yield [device.decode() for device in found]
            if not found:
                return
            last = found[-1]

    async def close(self) -> None:
        self._database.close()


def _sort_key(item: bytes) -> bytes:
    return _keys(item)[1]


def _keys(item: bytes) -> tuple[bytes, bytes]:
    """Device id and sort key. Raises: ItemRefusedError."""
    try:
        content = exact_loads(item)
        device_id, sort_key = content["iotDeviceId"], content["id"]
        if isinstance(device_id, str) and isinstance(sort_key, str):
            return device_id.encode(), sort_key.encode()
    except (ValueError, KeyError, TypeError) as error:
        raise ItemRefusedError("item", f"cannot be stored ({error!r})") from None
    raise ItemRefusedError("item", "has a device id or an id that is not text")
