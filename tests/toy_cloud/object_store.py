"""Toybox's object store: a file for each object, and a table of those that are whole."""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from l3kit.errors import KeyConflictError, StoreError
from l3kit.tiering.format.chunks import RESERVED_PREFIX
from l3kit.tiering.ports import ObjectInfo, ObjectStore, ObjectVersion, Tier, Usage
from tests.toy_cloud.database import Database
from tests.toy_cloud.provider import key_fault

OWN_CLASS = "TOYBOX_STANDARD"
"""Of l3kit's own objects, such as reports and receipts."""
CLASSES: Mapping[Tier, str] = {"cold": "TOYBOX_COLD", "archive": "TOYBOX_ARCHIVE", "letters": OWN_CLASS}
PAGE_OBJECTS = 500
SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    key BLOB PRIMARY KEY, etag TEXT, size INTEGER, modified TEXT, class TEXT, encoding TEXT, metadata TEXT,
    restored_until TEXT
) WITHOUT ROWID
"""


class ToyObjectStore:
    """The port `ObjectStore`. An object's ETag is the name of its file, which no other version ever has."""

    def __init__(self, folder: Path, tier: Tier, classes: Mapping[Tier, str] = CLASSES) -> None:
        self.tier = tier
        self._classes = classes
        self.name = folder.name
        self.usage = Usage()
        self._folder = folder
        self._database = Database(folder, SCHEMA)

    def key_fault(self, key: str) -> str | None:
        return key_fault(key)

    async def create(
        self,
        key: str,
        body: bytes,
        *,
        sha256: str,
        content_encoding: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> ObjectInfo:
        async def whole() -> AsyncIterator[bytes]:
            yield body

        return await self.create_large(
            key, whole(), sha256=sha256, content_encoding=content_encoding, metadata=metadata
        )

    async def create_large(
        self,
        key: str,
        parts: AsyncIterator[bytes],
        *,
        sha256: str,
        content_encoding: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> ObjectInfo:
        self.usage.count("put")
        file, digest = self._new_file(), hashlib.sha256()
        try:
            with file.open("wb") as opened:
                async for part in parts:
                    digest.update(part)
                    opened.write(part)
            if content_encoding is None and digest.hexdigest() != sha256:
                raise StoreError(key, "the content does not have the digest that was declared", "Send it again")
            return self._publish(key, file, sha256, content_encoding, metadata or {})
        except BaseException:
            file.unlink(missing_ok=True)
            raise

    def _new_file(self) -> Path:
        self._database.rows("SELECT 1 FROM objects LIMIT 1")  # a store that is not deployed is told as such
        return self._folder / uuid.uuid4().hex

    def _publish(
        self, key: str, file: Path, sha256: str, encoding: str | None, metadata: Mapping[str, str]
    ) -> ObjectInfo:
        """Make a whole file the object, if the key is free. Raises: KeyConflictError."""
        kept = json.dumps({**metadata, "sha256": sha256})
        of_class = self._classes["letters" if key.startswith(RESERVED_PREFIX) else self.tier]
        now, size = datetime.now(UTC).isoformat(), file.stat().st_size
        values = (key.encode(), file.name, size, now, of_class, encoding, kept)
        created = self._database.change("INSERT OR IGNORE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, NULL)", *values)
        there = self._found(key)
        if created:
            return _info(there)
        file.unlink()
        info = _info(there)
        if info.sha256 != sha256:
            raise KeyConflictError(key, "holds other content", "It was left as it is", existing_sha256=info.sha256)
        return info

    async def head(self, key: str) -> ObjectInfo | None:
        self.usage.count("head")
        found = self._database.rows("SELECT * FROM objects WHERE key = ?", key.encode())
        return _info(found[0]) if found else None

    async def read(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        self.usage.count("get")
        if await self.restore_state(key) == "archived":
            raise StoreError(key, "is archived", "Request a restore first")
        try:
            with (self._folder / _info(self._found(key)).etag).open("rb") as file:
                file.seek(start)
                return file.read() if length is None else file.read(length)
        except FileNotFoundError:
            raise StoreError(key, "was deleted while it was read") from None

    async def delete(self, key: str, *, etag: str | None = None) -> bool:
        self.usage.count("delete")
        info = await self.head(key)
        if info is None:
            return True
        if etag is not None and etag != info.etag:
            return False
        if not self._database.change("DELETE FROM objects WHERE key = ? AND etag = ?", key.encode(), info.etag):
            return await self.delete(key, etag=etag)  # another version has taken its place
        (self._folder / info.etag).unlink(missing_ok=True)
        return True

    async def list(self, prefix: str = "") -> AsyncIterator[ObjectInfo]:
        wanted, after = prefix.encode(), b""
        while True:
            self.usage.count("list")
            query = """SELECT * FROM objects
                WHERE key > ? AND substr(key, 1, ?) = ? ORDER BY key LIMIT ?"""
            found = self._database.rows(query, after, len(wanted), wanted, PAGE_OBJECTS)
            for row in found:
                info = _info(row)
                yield ObjectInfo(info.key, info.size, info.etag, info.modified, storage_class=info.storage_class)
            if len(found) < PAGE_OBJECTS:
                return
            after = found[-1][0]

    async def versions(self, prefix: str = "") -> AsyncIterator[ObjectVersion]:
        """Only what is there: Toybox keeps nothing that was deleted."""
        async for info in self.list(prefix):
            yield ObjectVersion(info.key, info.etag, info.size, info.etag, info.modified, current=True)

    async def delete_version(self, version: ObjectVersion) -> None:
        await self.delete(version.key, etag=version.version)

    async def copy_from(self, source: ObjectStore, info: ObjectInfo) -> ObjectInfo:
        self.usage.count("copy")
        assert isinstance(source, ToyObjectStore), "a copy stays within one cloud"
        there, file = await source.head(info.key), self._new_file()
        try:
            if there is None or there.etag != info.etag:
                raise FileNotFoundError
            shutil.copyfile(source._folder / info.etag, file)
        except FileNotFoundError:
            raise StoreError(info.key, "changed before it was copied", "The next run takes it up again") from None
        kept = {name: text for name, text in there.metadata.items() if name != "sha256"}
        try:
            return self._publish(info.key, file, str(there.sha256), there.content_encoding, kept)
        except BaseException:
            file.unlink(missing_ok=True)
            raise

    async def restore(self, key: str, *, days: int) -> str:
        self.usage.count("restore")
        until = (datetime.now(UTC) + timedelta(days=days)).isoformat()
        self._database.change("UPDATE objects SET restored_until = ? WHERE key = ?", until, key.encode())
        return await self.restore_state(key)

    async def restore_state(self, key: str) -> str:
        *_, of_class, _, _, until = self._found(key)
        if of_class != self._classes["archive"]:
            return "readable"
        return "restored" if until and until > datetime.now(UTC).isoformat() else "archived"

    async def close(self) -> None:
        self._database.close()

    def _found(self, key: str) -> Any:
        """Return the object's row. Raises: StoreError if there is no such object."""
        found = self._database.rows("SELECT * FROM objects WHERE key = ?", key.encode())
        if not found:
            raise StoreError(key, "does not exist")
        return found[0]


def _info(row: Any) -> ObjectInfo:
    key, etag, size, modified, of_class, encoding, metadata, _ = row
    kept = json.loads(metadata)
    moment = datetime.fromisoformat(modified)
    return ObjectInfo(key.decode(), size, etag, moment, kept["sha256"], of_class, encoding, kept)
