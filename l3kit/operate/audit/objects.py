"""The check of one object: repeated if the first look finds a fault, since a mover may be running."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import Literal

from l3kit.errors import StoreError
from l3kit.notebook.gaps import Gap
from l3kit.operate.audit.content import (
    Content,
    content_of,
    declared_items,
    encoding_finding,
    has_digest,
    metadata_findings,
)
from l3kit.operate.audit.faults import Finding
from l3kit.operate.audit.look import AuditedTier, Listed
from l3kit.tiering.format.chunks import decompress
from l3kit.tiering.format.digest import ContentDigest
from l3kit.tiering.ports import ObjectInfo

State = Literal["read", "not read", "gone", "failed"]
RESTORE_DAYS = 3
"""Days for which a restored copy can be read, if the cloud makes one: it may be ready in the middle of a night."""
MAX_PARSED_BYTES = 32 * 1024 * 1024
"""Size above which only the digest of an object is checked: no chunk of l3kit is as large."""
READ_BYTES = 8 * 1024 * 1024
"""More than a chunk's size, so that a chunk is read by one request."""
PARSED_AT_ONCE = 2
LOOKS = 3
LARGE = "is larger than any chunk of l3kit, so only its digest was checked"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of the check of one object.

    Attributes:
        info: its last description from the store; None if it is gone.
        size: bytes of its uncompressed content; None if unknown.
        restoring: whether it is being restored.
        error: why it failed.
    """

    listed: Listed
    state: State
    info: ObjectInfo | None = None
    content: Content = field(default_factory=lambda: Content(None))
    findings: tuple[Finding, ...] = ()
    size: int | None = None
    restoring: bool = False
    gap: Gap | None = None
    error: StoreError | None = None

    @property
    def items(self) -> int | None:
        """The number of items, counted or from the metadata; None if unknown."""
        if self.content.items is not None or self.info is None:
            return self.content.items
        return declared_items(self.info)

    def same_as(self, other: Outcome | None) -> bool:
        """Return whether two looks found the same faults of the same version."""
        if other is None or self.info is None or other.info is None:
            return False
        return (self.info.etag, self.findings) == (other.info.etag, other.findings)


class ObjectCheck:
    """Checks objects.

    Args:
        restore: whether to request a restore of archived objects.
        archive: the tier of an object that has left the cold tier; None if it is not reached.
    """

    def __init__(self, *, restore: bool, archive: AuditedTier | None) -> None:
        self._restore = restore
        self._archive = archive
        self._parsing = asyncio.Semaphore(PARSED_AT_ONCE)

    async def check(self, one: Listed) -> Outcome:
        """Check an object; one moved to the archive since is checked there. A store's errors are an outcome."""
        try:
            found = await self._looked_at(one)
            if found.state != "gone" or one.place.tier != "cold" or self._archive is None or one.twice:
                return found
            moved = replace(one, place=self._archive)
            return await self._looked_at(moved)
        except StoreError as error:
            what = f"{one.place.tier} object {one.info.key}"
            remedy = error.remedy or "Audit it again"
            return Outcome(
                one, "failed", gap=Gap(one.place.tier, what, f"was not checked: {error.cause}", remedy), error=error
            )

    async def _looked_at(self, one: Listed) -> Outcome:
        """Look until two consecutive looks find the same faults. Raises: StoreError."""
        before: Outcome | None = None
        for _ in range(LOOKS):
            found = await self._look(one)
            if found.state == "gone" or not found.findings or found.same_as(before):
                return found
            before = found
        raise StoreError(one.info.key, "it kept changing while it was checked", "Audit it again")

    async def _look(self, one: Listed) -> Outcome:
        store, key = one.place.store, one.info.key
        info = await store.head(key)
        if info is None:
            return Outcome(one, "gone")
        findings = tuple(metadata_findings(one.key, info))
        try:
            state = await self._state(one)
            if state in ("archived", "restoring"):
                size = info.size if one.key.compression == "none" else None
                return Outcome(one, "not read", info, findings=findings, size=size, restoring=state == "restoring")
            return await self._read(one, info, findings)
        except StoreError:
            if await store.head(key) is None:
                return Outcome(one, "gone")
            raise

    async def _state(self, one: Listed) -> str:
        if one.place.tier != "archive":
            return "readable"
        state = await one.place.store.restore_state(one.info.key)
        if state == "archived" and self._restore:
            return await one.place.store.restore(one.info.key, days=RESTORE_DAYS)
        return state

    async def _read(self, one: Listed, info: ObjectInfo, findings: tuple[Finding, ...]) -> Outcome:
        digest = ContentDigest(info.content_encoding, info.key)
        kept: list[bytes] = []
        for start in range(0, info.size, READ_BYTES):
            whole = info.size <= READ_BYTES
            read = one.place.store.read
            part = await (read(info.key) if whole else read(info.key, start=start, length=READ_BYTES))
            try:
                await asyncio.to_thread(digest.update, part)
            except StoreError as error:
                return Outcome(one, "read", info, findings=(*findings, Finding("unreadable", f"it {error.cause}")))
            if info.size <= MAX_PARSED_BYTES and digest.size <= MAX_PARSED_BYTES:
                kept.append(part)
        async with self._parsing:
            return await asyncio.to_thread(_judged, one, info, digest, b"".join(kept), findings)


def _judged(
    one: Listed, info: ObjectInfo, digest: ContentDigest, stored: bytes, findings: tuple[Finding, ...]
) -> Outcome:
    try:
        sha256 = digest.hexdigest()
    except StoreError as error:
        return Outcome(one, "read", info, findings=(*findings, Finding("unreadable", f"it {error.cause}")))
    if has_digest(info) and info.sha256 != sha256:
        what = f"its content has the digest {sha256}, its metadata say {info.sha256}"
        return Outcome(one, "read", info, findings=(*findings, Finding("digest", what)), size=digest.size)
    if encoding_finding(one.key, info):  # reported already, and readers do not get that far
        return Outcome(one, "read", info, findings=findings, size=digest.size)
    if max(info.size, digest.size) > MAX_PARSED_BYTES:
        gap = Gap(one.place.tier, f"{one.place.tier} object {info.key}", LARGE, "Look at it with the cloud's own tools")
        return Outcome(one, "read", info, findings=findings, size=digest.size, gap=gap)
    body = decompress(stored, one.key.compression)
    content = content_of(one.key, declared_items(info), body, marked=one.crowded)
    return Outcome(one, "read", info, content, (*findings, *content.findings), digest.size)
