"""Objects received in parts: stored under `_l3kit/parts/`, joined when complete, and visible only then.

Each part is an object, so requests share no state: parts may arrive twice, in any order and at different instances,
and after a crash any repeated part completes the object.

Parts belong to the same upload if the declared properties of the whole object are equal: key, digest, number of parts,
encoding and metadata. Two different splits of an object into the same number of parts share all of these; mixing them
is detected by the digest, which is checked before the object becomes visible.
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
"""Parts older than this belong to an abandoned upload; the bucket's lifecycle rule removes them as well."""

log = logging.getLogger(__name__)


class _DigestMismatch(Refusal):
    """The joined parts do not match the declared digest."""


@dataclass(frozen=True, slots=True)
class Upload:
    """The common properties of all parts of one object.

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
        """Prefix of the parts of all uploads of this key, which are obsolete once one upload is complete."""
        return f"{PARTS_PREFIX}{hashlib.sha256(self.key.encode()).hexdigest()}/"

    @property
    def prefix(self) -> str:
        identity = [self.total, self.sha256, self.content_encoding, sorted(self.metadata.items())]
        return f"{self.key_prefix}{hashlib.sha256(orjson.dumps(identity)).hexdigest()}/"

    def part_key(self, number: int) -> str:
        return f"{self.prefix}{number:05d}"


@dataclass(frozen=True, slots=True)
class Progress:
    """Either the numbers of the missing parts, or the completed object."""

    pending: tuple[int, ...] = ()
    done: ObjectInfo | None = None


async def take_part(store: ObjectStore, upload: Upload, number: int, data: bytes) -> Progress:
    """Store a part; join the object once the last one has arrived.

    If the part exists with other content, the object is now split differently or the part was corrupted in transit: the
    upload restarts with this part.

    Raises: Refusal 400 (the joined parts do not match the declared digest), KeyConflictError, StoreError.
    """
    done = await _already_done(store, upload)
    if done is None:
        await _keep(store, upload, number, data)
        pending = await _missing(store, upload)
        if not pending:
            return Progress(done=await _assemble(store, upload))
        # A concurrent request may have completed the object and removed the other parts before this one was stored.
        done = await _already_done(store, upload)
        if done is None:
            return Progress(pending)
    await _discard(store, upload.key_prefix)
    return Progress(done=done)


async def sweep_parts(store: ObjectStore, *, now: datetime, older_than: timedelta = ORPHAN_AGE) -> int:
    """Remove parts of abandoned uploads. Returns: the number removed. Raises: StoreError."""
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
        log.warning("part %d of %s arrived with other content: its upload restarts", number, upload.key)
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
        # A concurrent request with the last part may have completed the object first and removed the parts.
        done = await _already_done(store, upload)
        if done is None:
            raise
        info = done
    await _discard(store, upload.key_prefix)
    return info


async def _joined(store: ObjectStore, upload: Upload, keys: Sequence[str]) -> AsyncIterator[bytes]:
    """Stream the parts in order; fails after the last one, before the object is visible, if the digest differs."""
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
    """Convert a decompression error to a refusal: it is the sender's error, not the store's."""
    try:
        yield
    except StoreError as error:
        raise _DigestMismatch(400, error.cause, "content_encoding") from None


async def _discard(store: ObjectStore, prefix: str) -> None:
    """Remove parts that are no longer needed; parts that cannot be removed are left to `sweep_parts`."""
    try:
        await _remove(store, prefix)
    except StoreError as error:
        log.warning("parts below %s could not be removed yet: %s", prefix, error)


async def _remove(store: ObjectStore, prefix: str) -> None:
    async for info in store.list(prefix):
        await store.delete(info.key)
