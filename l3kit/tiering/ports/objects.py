"""The object store of one tier."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, NotRequired, Protocol, TypedDict, Unpack

from l3kit.tiering.ports.hot import Usage

Tier = Literal["cold", "archive", "letters"]
"""Use of an object store; `letters` holds dead letters, which belong to no tier, in the standard class."""
Compression = Literal["none", "gzip", "zstd"]


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """Properties of one object. `sha256` is the hex digest of the *uncompressed* content, from its metadata."""

    key: str
    size: int
    etag: str
    modified: datetime
    sha256: str | None = None
    storage_class: str | None = None
    content_encoding: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


class ObjectVersion(NamedTuple):
    """One version of an object that a store keeps: its content now, a former one, a snapshot, a mark of its deletion.

    Attributes:
        version: in the adapter's own form.
        etag: empty for a mark of deletion.
        current: whether a reader of the key gets this one.
        kept_until: the moment until which the store keeps it whatever is asked, since it was deleted softly; None for
            a version that can be deleted.
    """

    key: str
    version: str
    size: int
    etag: str
    modified: datetime
    current: bool
    kept_until: datetime | None = None


class Declared(TypedDict):
    """Properties that the caller declares for new content.

    Attributes:
        sha256: hex digest of the uncompressed content (equal to the body's if nothing is compressed).
        content_encoding: None if nothing is compressed.
        metadata: kept with the object.
    """

    sha256: str
    content_encoding: NotRequired[str | None]
    metadata: NotRequired[Mapping[str, str] | None]


class ObjectStore(Protocol):
    """Objects of one bucket or container, in one tier's storage class.

    Keys are Unicode text of at most 1,024 UTF-8 bytes; `key_fault` reports those that a store cannot hold.
    """

    tier: Tier
    name: str
    usage: Usage

    def key_fault(self, key: str) -> str | None:
        """The reason why this store cannot hold an object under exactly this key; None if it can. No I/O."""

    async def create(self, key: str, body: bytes, **content: Unpack[Declared]) -> ObjectInfo:
        """Create the object in the tier's storage class, only if the key is free; the store verifies the bytes.

        `sha256` is stored with the object. If the key already holds content with the same sha256, this succeeds as well
        (a repeat after a lost response). Content-Type is application/json.
        Raises: KeyConflictError if the key holds other content, which is left unchanged.
        """

    async def create_large(self, key: str, parts: AsyncIterator[bytes], **content: Unpack[Declared]) -> ObjectInfo:
        """Like `create`, for content larger than memory; parts of any size are regrouped as the store requires.

        Without content_encoding the digest of the streamed bytes is compared with `sha256` before the object becomes
        visible. An interrupted call leaves nothing under the key.
        """

    async def head(self, key: str) -> ObjectInfo | None:
        """Metadata, or None if there is no such object."""

    async def read(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        """The stored bytes (still compressed if content_encoding says so).

        Raises: StoreError for a missing object, and for an archived one with the restore as remedy.
        """

    async def delete(self, key: str, *, etag: str | None = None) -> bool:
        """Delete; with an etag only if it still matches, else return False. A missing object counts as deleted."""

    def list(self, prefix: str = "") -> AsyncIterator[ObjectInfo]:
        """All objects in key order, page by page. `sha256` and `metadata` are not filled in here."""

    def versions(self, prefix: str = "") -> AsyncIterator[ObjectVersion]:
        """All versions of the objects whose keys begin with prefix, page by page, those of one key together.

        Also of keys whose object was deleted. Without versioning and soft deletion these are the objects themselves.
        """

    async def delete_version(self, version: ObjectVersion) -> None:
        """Permanently delete exactly this version; nothing of it is kept unless the store has soft deletion.

        A missing version counts as deleted. Deleting the current version of a key may make a former one current, so
        delete the former ones first.
        Raises: StoreError, also if something holds the version.
        """

    async def copy_from(self, source: ObjectStore, info: ObjectInfo) -> ObjectInfo:
        """Server-side copy within one cloud into this tier's storage class, metadata included, only if the key is free.

        Copies exactly the version `info.etag`. Succeeds if the same content is there already.
        Raises: KeyConflictError if other content is there; StoreError if the source has changed.
        """

    async def restore(self, key: str, *, days: int) -> str:
        """Request a restore of an archived object for some days; idempotent. Returns the new `restore_state`."""

    async def restore_state(self, key: str) -> str:
        """`readable`, `archived`, `restoring` (requested) or `restored` (readable for a limited time)."""

    async def close(self) -> None: ...
