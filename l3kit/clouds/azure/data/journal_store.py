"""The journal in Cosmos DB: a document per record, id and partition key from its name, swapped by etag."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from l3kit.clouds.azure.data.cosmos import CosmosContainer
from l3kit.clouds.azure.data.items import MAX_EXACT, MAX_ID_BYTES, NUMBER, PREFIX, RESERVED
from l3kit.tiering.ports import JournalRow

NAME = "name"
VERSION = "version"
EXPIRES_AT = "expires_at"
"""Seconds since 1970; such a record also gets a `ttl`, which Cosmos DB applies if the container has TTL enabled."""
OWN_NAMES = RESERVED | {"id", NAME, VERSION}
REMEMBERED = 10_000
"""Maximum cached etags; then the cache is cleared, which costs one read per record."""
_UNSAFE = re.compile(r"[/\\?#% \x00-\x1f\x7f]")


class CosmosJournalStore:
    """`JournalStore` on one container.

    Args:
        now: seconds since 1970.
    """

    def __init__(self, container: CosmosContainer, *, now: Callable[[], float] = time.time) -> None:
        self._container = container
        self._now = now
        self._etags: dict[str, tuple[int, str]] = {}
        self.usage = container.usage

    async def load(self, name: str) -> JournalRow | None:
        id_ = record_id(name)
        reply = await self._container.call(
            "get",
            "read",
            lambda container, options: container.read_item(id_, id_, **options),
            expected=frozenset({404}),
        )
        if reply.status or reply.result[NAME] != name:
            self._etags.pop(name, None)
            return None
        document = reply.result
        self._remember(name, int(document[VERSION]), document["_etag"])
        attributes = {
            key.removeprefix(PREFIX): _plain(value) for key, value in document.items() if key not in OWN_NAMES
        }
        return JournalRow(int(document[VERSION]), attributes)

    async def swap(self, name: str, row: JournalRow) -> bool:
        """Create the record, or replace it on condition of the version's etag."""
        id_ = record_id(name)
        document = self._document(name, row)
        if row.version == 1:
            reply = await self._container.call(
                "create",
                "write",
                lambda container, options: container.create_item(document, no_response=True, **options),
                expected=frozenset({409}),
            )
        else:
            etag = await self._etag(name, row.version - 1)
            if etag is None:
                return False
            reply = await self._container.call(
                "replace",
                "write",
                lambda container, options: container.replace_item(
                    id_, document, etag=etag, match_condition=_if_not_modified(), no_response=True, **options
                ),
                expected=frozenset({404, 412}),
            )
        if reply.status:
            self._etags.pop(name, None)
            return False
        self._remember(name, row.version, reply.headers.get("etag", ""))
        return True

    async def remove(self, name: str, version: int) -> bool:
        """Delete on condition of the version's etag, after a read."""
        there = await self.load(name)
        if there is None:
            return True
        if there.version != version:
            return False
        id_, (_, etag) = record_id(name), self._etags.pop(name)
        reply = await self._container.call(
            "delete",
            "write",
            lambda container, options: container.delete_item(
                id_, id_, etag=etag, match_condition=_if_not_modified(), **options
            ),
            expected=frozenset({404, 412}),
        )
        return bool(reply.status != 412)

    async def names(self, prefix: str = "") -> list[str]:
        """Query all partitions; for people, not for movers."""

        async def ask(container: Any, options: dict[str, Any]) -> list[str]:
            found = container.query_items(
                "SELECT VALUE c.name FROM c WHERE STARTSWITH(c.name, @prefix)",
                parameters=[{"name": "@prefix", "value": prefix}],
                **options,
            )
            return [name async for name in found]

        return sorted((await self._container.call("query", "read", ask)).result)

    async def close(self) -> None:
        await self._container.close()

    async def _etag(self, name: str, version: int) -> str | None:
        known = self._etags.get(name)
        if known is None or known[0] != version:
            await self.load(name)
            known = self._etags.get(name)
        return known[1] if known is not None and known[0] == version else None

    def _remember(self, name: str, version: int, etag: str) -> None:
        if len(self._etags) >= REMEMBERED:
            self._etags.clear()
        if etag:
            self._etags[name] = (version, etag)

    def _document(self, name: str, row: JournalRow) -> dict[str, Any]:
        document = {
            (PREFIX + key if key in OWN_NAMES or key.startswith(PREFIX) else key): _stored(value)
            for key, value in row.attributes.items()
        }
        expires = row.attributes.get(EXPIRES_AT)
        if isinstance(expires, int):
            document["ttl"] = min(max(1, expires - int(self._now())), 2**31 - 1)
        return {**document, "id": record_id(name), NAME: name, VERSION: row.version}


def record_id(name: str) -> str:
    """Document id of a record: illegal characters are percent-encoded; a name that is too long becomes its digest."""
    id_ = _UNSAFE.sub(lambda match: f"%{ord(match[0]):02X}", name)
    if len(id_.encode()) <= MAX_ID_BYTES:
        return id_
    return f"%sha256-{hashlib.sha256(name.encode()).hexdigest()}"


def _if_not_modified() -> Any:
    from azure.core import MatchConditions

    return MatchConditions.IfNotModified


def _stored(value: str | int | bytes) -> Any:
    if isinstance(value, bytes):
        return {"$binary": base64.b64encode(value).decode("ascii")}
    if isinstance(value, int) and abs(value) > MAX_EXACT:
        return {NUMBER: str(value)}
    return value


def _plain(value: Any) -> str | int | bytes:
    if isinstance(value, Mapping):
        ((tag, content),) = value.items()
        return base64.b64decode(content) if tag == "$binary" else int(content)
    return value  # type: ignore[no-any-return]
