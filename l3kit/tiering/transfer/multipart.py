"""Objects that arrive in parts: kept under `_l3kit/parts/`, put together when all are there, visible only then.

A part is an object of its own, so nothing is remembered between requests: parts may come twice, in any order, to
different instances, and after a crash any repeated part completes the object.

Parts belong together where everything that was declared of the whole object is the same: its key and digest, in how
many parts it comes, encoding and metadata. That alone does not keep apart two ways of cutting the same object into as
many parts; the digest does, which is compared before anything becomes visible.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson

from l3kit.errors import KeyConflictError, StoreError
from l3kit.tiering.format.chunks import RESERVED_PREFIX
from l3kit.tiering.format.digest import ContentDigest
from l3kit.tiering.ports import ObjectInfo, ObjectStore
from l3kit.tiering.transfer.wire import Refusal

PARTS_PREFIX = f"{RESERVED_PREFIX}parts/"
MAX_PARTS = 10_000
ORPHAN_AGE = timedelta(days=2)
"""Parts that old belong to an upload that was given up; the bucket's lifecycle rule removes them as well."""

log = logging.getLogger(__name__)


class _DigestMismatch(Refusal):
    """The parts together are not what was declared."""


@dataclass(frozen=True, slots=True)
class Upload:
    """What all parts of one object have in common.

    Attributes:
        sha256: declared digest of the uncompressed content.
    """

    key: str
    total: int
    sha256: str
    content_encoding: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def key_prefix(self) -> str:
        """Of the parts of every upload of this key: they are superseded when one of them is complete."""
        return f"{PARTS_PREFIX}{hashlib.sha256(self.key.encode()).hexdigest()}/"

    @property
    def prefix(self) -> str:
        identity = [self.total, self.sha256, self.content_encoding, sorted(self.metadata.items())]
        return f"{self.key_prefix}{hashlib.sha256(orjson.dumps(identity)).hexdigest()}/"

    def part_key(self, number: int) -> str:
        return f"{self.prefix}{number:05d}"


@dataclass(frozen=True, slots=True)
class Progress:
    """Either the numbers of the parts that are missing, or the finished object."""

    pending: tuple[int, ...] = ()
    done: ObjectInfo | None = None


async def take_part(store: ObjectStore, upload: Upload, number: int, data: bytes) -> Progress:
    """Keep a part; with the last one missing, put the object together.

    A part that is there with other content means that the object is cut in another way now, or that the part was
    damaged on its way: the upload begins anew with this part.

    Raises: Refusal 400 (the parts together are not what was declared), KeyConflictError, StoreError.
    """
    done = await _already_done(store, upload)
    if done is None:
        await _keep(store, upload, number, data)
        pending = await _missing(store, upload)
        if not pending:
            return Progress(done=await _assemble(store, upload))
        # Another request may have finished the object meanwhile, and removed the others before this part was kept.
        done = await _already_done(store, upload)
        if done is None:
            return Progress(pending)
    await _discard(store, upload.key_prefix)
    return Progress(done=done)


async def sweep_parts(store: ObjectStore, *, now: datetime, older_than: timedelta = ORPHAN_AGE) -> int:
    """Remove parts of uploads that were given up. Returns how many. Raises: StoreError."""
    old = [info async for info in store.list(PARTS_PREFIX) if now - info.modified > older_than]
    for info in old:
        await store.delete(info.key, etag=info.etag)
    return len(old)


async def _already_done(store: ObjectStore, upload: Upload) -> ObjectInfo | None:
    info = await store.head(upload.key)
    if info is not None and info.sha256 != upload.sha256:
        raise KeyConflictError(upload.key, "holds other content", existing_sha256=info.sha256)
    return info


async def _keep(store: ObjectStore, upload: Upload, number: int, data: bytes) -> None:
    key, sha256 = upload.part_key(number), hashlib.sha256(data).hexdigest()
    try:
        await store.create(key, data, sha256=sha256)
    except KeyConflictError:
        log.warning("part %d of %s came with other content: its upload begins anew", number, upload.key)
        await _remove(store, upload.prefix)
        await store.create(key, data, sha256=sha256)


async def _missing(store: ObjectStore, upload: Upload) -> tuple[int, ...]:
    there = {info.key async for info in store.list(upload.prefix)}
    return tuple(number for number in range(1, upload.total + 1) if upload.part_key(number) not in there)


async def _assemble(store: ObjectStore, upload: Upload) -> ObjectInfo:
    keys = [upload.part_key(number) for number in range(1, upload.total + 1)]
    try:
        info = await store.create_large(
            upload.key,
            _joined(store, upload, keys),
            sha256=upload.sha256,
            content_encoding=upload.content_encoding,
            metadata=upload.metadata,
        )
    except _DigestMismatch:
        await _discard(store, upload.prefix)
        raise
    except StoreError:
        # Another request with the "last" part may have finished first and removed the parts under our hands.
        done = await _already_done(store, upload)
        if done is None:
            raise
        info = done
    await _discard(store, upload.key_prefix)
    return info


async def _joined(store: ObjectStore, upload: Upload, keys: Sequence[str]) -> AsyncIterator[bytes]:
    """The parts one after the other; fails behind the last one, so before anything is visible, if they do not fit."""
    digest = ContentDigest(upload.content_encoding, upload.key)
    for key in keys:
        data = await store.read(key)
        with _of_the_declared_encoding():
            digest.update(data)
        yield data
    with _of_the_declared_encoding():
        found = digest.hexdigest()
    if found != upload.sha256:
        raise _DigestMismatch(400, f"the parts together have {found}; they were discarded, send them again", "sha256")


@contextmanager
def _of_the_declared_encoding() -> Iterator[None]:
    """Content that does not unpack is the sender's fault, not the store's."""
    try:
        yield
    except StoreError as error:
        raise _DigestMismatch(400, error.cause, "content_encoding") from None


async def _discard(store: ObjectStore, prefix: str) -> None:
    """Remove parts that have served; what cannot be removed is left to the sweep."""
    try:
        await _remove(store, prefix)
    except StoreError as error:
        log.warning("parts below %s could not be removed yet: %s", prefix, error)


async def _remove(store: ObjectStore, prefix: str) -> None:
    async for info in store.list(prefix):
        await store.delete(info.key)
