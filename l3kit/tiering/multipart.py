"""Objects that arrive in parts: kept under `_l3kit/parts/`, put together when all are there, visible only then.

A part is an object of its own, so nothing is remembered between requests: parts may come twice, in any order, to
different instances, and after a crash any repeated part completes the object.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from l3kit.errors import KeyConflictError, StoreError
from l3kit.tiering.chunks import RESERVED_PREFIX
from l3kit.tiering.digest import ContentDigest
from l3kit.tiering.ports import ObjectInfo, ObjectStore
from l3kit.tiering.wire import Refusal

PARTS_PREFIX = f"{RESERVED_PREFIX}parts/"
MAX_PARTS = 10_000
ORPHAN_AGE = timedelta(days=2)
"""Parts that old belong to an upload that was given up; the bucket's lifecycle rule removes them as well."""

_PART = re.compile(r"(\d+)-of-(\d+)")
log = logging.getLogger(__name__)


class _DigestMismatch(Refusal):
    """The parts together are not what was declared."""


@dataclass(frozen=True, slots=True)
class Upload:
    """What all parts of one object have in common.

    Attributes:
        sha256: declared digest of the uncompressed content; None from a sender that does not know it.
    """

    key: str
    total: int
    sha256: str | None
    content_encoding: str | None
    metadata: Mapping[str, str]

    @property
    def prefix(self) -> str:
        identity = f"{self.key}\n{self.sha256 or ''}".encode()
        return f"{PARTS_PREFIX}{hashlib.sha256(identity).hexdigest()}/"

    def part_key(self, number: int) -> str:
        return f"{self.prefix}{number:05d}-of-{self.total:05d}"


@dataclass(frozen=True, slots=True)
class Progress:
    """Either the numbers of the parts that are missing, or the finished object."""

    pending: tuple[int, ...] = ()
    done: ObjectInfo | None = None


async def take_part(store: ObjectStore, upload: Upload, number: int, data: bytes) -> Progress:
    """Keep a part; with the last one missing, put the object together.

    Raises: Refusal 400 (other `total_parts`, a part of other content, digest), KeyConflictError, StoreError.
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
    await _discard(store, upload)
    return Progress(done=done)


async def sweep_parts(store: ObjectStore, *, now: datetime, older_than: timedelta = ORPHAN_AGE) -> int:
    """Remove parts of uploads that were given up. Returns how many. Raises: StoreError."""
    old = [info async for info in store.list(PARTS_PREFIX) if now - info.modified > older_than]
    for info in old:
        await store.delete(info.key, etag=info.etag)
    return len(old)


async def _already_done(store: ObjectStore, upload: Upload) -> ObjectInfo | None:
    if upload.sha256 is None:
        return None
    info = await store.head(upload.key)
    if info is None:
        return None
    if info.sha256 != upload.sha256:
        raise KeyConflictError(upload.key, "holds other content", existing_sha256=info.sha256)
    return info


async def _keep(store: ObjectStore, upload: Upload, number: int, data: bytes) -> None:
    try:
        await store.create(upload.part_key(number), data, sha256=hashlib.sha256(data).hexdigest())
    except KeyConflictError:
        raise Refusal(
            400,
            f"part {number} was sent before with other content; an unfinished upload is dropped after two days",
            "data",
        ) from None


async def _missing(store: ObjectStore, upload: Upload) -> tuple[int, ...]:
    there: set[int] = set()
    async for info in store.list(upload.prefix):
        match = _PART.fullmatch(info.key.removeprefix(upload.prefix))
        if match is None:
            continue
        if int(match[2]) != upload.total:
            raise Refusal(
                400, f"is {upload.total}, but earlier parts of this object said {int(match[2])}", "total_parts"
            )
        there.add(int(match[1]))
    return tuple(number for number in range(1, upload.total + 1) if number not in there)


async def _assemble(store: ObjectStore, upload: Upload) -> ObjectInfo:
    keys = [upload.part_key(number) for number in range(1, upload.total + 1)]
    try:
        sha256 = upload.sha256 or await _digest(store, upload, keys)
        info = await store.create_large(
            upload.key,
            _joined(store, upload, keys, sha256),
            sha256=sha256,
            content_encoding=upload.content_encoding,
            metadata=upload.metadata,
        )
    except _DigestMismatch:
        await _discard(store, upload)
        raise
    except StoreError:
        # Another request with the "last" part may have finished first and removed the parts under our hands.
        done = await _already_done(store, upload)
        if done is None:
            raise
        info = done
    await _discard(store, upload)
    return info


async def _digest(store: ObjectStore, upload: Upload, keys: Sequence[str]) -> str:
    digest = ContentDigest(upload.content_encoding, upload.key)
    for key in keys:
        data = await store.read(key)
        with _of_the_declared_encoding():
            digest.update(data)
    with _of_the_declared_encoding():
        return digest.hexdigest()


async def _joined(store: ObjectStore, upload: Upload, keys: Sequence[str], sha256: str) -> AsyncIterator[bytes]:
    """The parts one after the other; fails behind the last one, so before anything is visible, if they do not fit."""
    digest = ContentDigest(upload.content_encoding, upload.key)
    for key in keys:
        data = await store.read(key)
        with _of_the_declared_encoding():
            digest.update(data)
        yield data
    with _of_the_declared_encoding():
        found = digest.hexdigest()
    if found != sha256:
        raise _DigestMismatch(400, f"the parts together have {found}; they were discarded, send them again", "sha256")


@contextmanager
def _of_the_declared_encoding() -> Iterator[None]:
    """Content that does not unpack is the sender's fault, not the store's."""
    try:
        yield
    except StoreError as error:
        raise _DigestMismatch(400, error.cause, "content_encoding") from None


async def _discard(store: ObjectStore, upload: Upload) -> None:
    """Remove the upload's parts; what cannot be removed is left to the sweep."""
    try:
        async for info in store.list(upload.prefix):
            await store.delete(info.key)
    except StoreError as error:
        log.warning("parts of %s could not be removed yet: %s", upload.key, error)
