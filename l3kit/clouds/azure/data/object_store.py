"""The cold tier, the archive tier or the dead letters in Blob Storage: one container, one access tier."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Unpack

from azure.core import MatchConditions
from azure.storage.blob import BlobBlock, ContentSettings, RehydratePriority, StandardBlobTier

from l3kit.clouds.azure.data.blob_calls import BlobCalls
from l3kit.clouds.azure.data.blob_names import from_azure, key_fault, to_azure
from l3kit.clouds.azure.data.blob_versions import INCLUDED, blob_version, client_options
from l3kit.clouds.azure.data.block_upload import TAKEN, upload_blocks
from l3kit.errors import StoreError
from l3kit.tiering.format.chunks import RESERVED_PREFIX
from l3kit.tiering.object_writes import check_body, check_copy, same_or_conflict, stored_digest
from l3kit.tiering.ports import Declared, ObjectInfo, ObjectStore, ObjectVersion, Tier
from l3kit.tiering.sdk_calls import Refused

ACCESS_TIERS: Mapping[Tier, StandardBlobTier] = {
    "cold": StandardBlobTier.COOL,
    "archive": StandardBlobTier.ARCHIVE,
    "letters": StandardBlobTier.HOT,
}
RESTORED_TIER = StandardBlobTier.COOL
PAGE = 1000
COPY_POLLS = 600
COPY_POLL_SECONDS = 0.5
_MISSING = frozenset({"BlobNotFound", "404"})
_CHANGED = frozenset({"SourceConditionNotMet", "CannotVerifyCopySource"})


class BlobObjectStore:
    """`ObjectStore` on one container.

    Blobs below `_l3kit/` (reports, parts) have the access tier Hot in every store: they are small and short-lived.

    Args:
        client: azure-storage-blob's asynchronous client of the container.
    """

    def __init__(self, name: str, tier: Tier, client: Any, calls: BlobCalls) -> None:
        self.name = name
        self.tier: Tier = tier
        self._client = client
        self._calls = calls
        self.usage = calls.usage

    def key_fault(self, key: str) -> str | None:
        return key_fault(key)

    async def create(self, key: str, body: bytes, **content: Unpack[Declared]) -> ObjectInfo:
        """Create by Put Blob with `If-None-Match: *` and the body's MD5, which the service verifies.

        The service does not support SHA-256, which is therefore verified here if the body is stored unencoded.
        """
        check_body(self._where(key), body, content)
        blob, settings = self._blob(key), self._settings(key, content)

        async def put() -> None:
            await blob.upload_blob(body, length=len(body), overwrite=False, validate_content=True, **settings)

        await self._calls.run("put", self._where(key), put, sends=len(body), expected=TAKEN)
        return await same_or_conflict(self, key, content["sha256"])

    async def create_large(self, key: str, parts: AsyncIterator[bytes], **content: Unpack[Declared]) -> ObjectInfo:
        """Stage blocks, and commit them only if the name is still free."""
        blob, settings = self._blob(key), self._settings(key, content)

        async def commit(blocks: list[BlobBlock]) -> None:
            await blob.commit_block_list(blocks, match_condition=MatchConditions.IfMissing, **settings)

        outcome = await upload_blocks(self._calls, self._where(key), blob, parts, stored_digest(content), commit)
        if isinstance(outcome, bytes):
            return await self.create(key, outcome, **content)
        return await same_or_conflict(self, key, content["sha256"])

    async def head(self, key: str) -> ObjectInfo | None:
        there = await self._properties(key)
        return None if there is None else _info(key, there)

    async def read(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        blob = self._blob(key)

        async def download() -> bytes:
            reader = await blob.download_blob(
                offset=start if start or length is not None else None,
                length=length,
                max_concurrency=1,
                decompress=False,
            )
            return bytes(await reader.readall())

        content = await self._calls.run("get", self._where(key), download)
        assert isinstance(content, bytes)
        self.usage.bytes_in += len(content)
        return content

    async def delete(self, key: str, *, etag: str | None = None) -> bool:
        blob = self._blob(key)
        condition = {"etag": f'"{etag}"', "match_condition": MatchConditions.IfNotModified} if etag else {}
        answer = await self._calls.run(
            "delete", self._where(key), lambda: blob.delete_blob(**condition), expected=_MISSING | {"ConditionNotMet"}
        )
        return answer != Refused("ConditionNotMet")

    async def list(self, prefix: str = "") -> AsyncIterator[ObjectInfo]:
        """Cost: one request per 1,000 blobs."""
        async for blob in self._listed(prefix):
            yield _info(blob.name, blob)

    async def versions(self, prefix: str = "") -> AsyncIterator[ObjectVersion]:
        """Cost: one request per 1,000 blobs, versions and snapshots."""
        async for blob in self._listed(prefix, INCLUDED):
            yield blob_version(blob, datetime.now(UTC))

    async def delete_version(self, version: ObjectVersion) -> None:
        """Delete a current blob with its snapshots; where versions are kept it becomes a former one, deleted next."""
        options = client_options(version)
        if version.current:
            blob = self._blob(version.key)
            await self._delete(version.key, lambda: blob.delete_blob(delete_snapshots="include"))
        if options:
            former = self._client.get_blob_client(version.key, **options)
            await self._delete(version.key, former.delete_blob)

    async def _delete(self, key: str, work: Any) -> None:
        await self._calls.run("delete_version", self._where(key), work, expected=_MISSING)

    async def _listed(self, prefix: str, include: Sequence[str] = ()) -> AsyncIterator[Any]:
        token: str | None = None
        while True:
            pages = self._client.list_blobs(
                name_starts_with=prefix or None, results_per_page=PAGE, include=list(include) or None
            )
            by_page = pages.by_page(continuation_token=token)

            async def next_page(by_page: Any = by_page) -> list[Any]:
                try:
                    return [blob async for blob in await by_page.__anext__()]
                except StopAsyncIteration:
                    return []

            found = await self._calls.run("list", f"container {self.name}", next_page)
            assert isinstance(found, list)
            for blob in found:
                yield blob
            token = by_page.continuation_token
            if not token:
                return

    async def copy_from(self, source: ObjectStore, info: ObjectInfo) -> ObjectInfo:
        """Copy within the account by Copy Blob, conditional on source and destination, polled until done."""
        assert isinstance(source, BlobObjectStore)
        blob = self._blob(info.key)
        address = source._blob(info.key).url
        original = info if info.sha256 else await source.head(info.key)

        async def copy() -> None:
            await blob.start_copy_from_url(
                address,
                standard_blob_tier=self._access_tier(info.key),
                match_condition=MatchConditions.IfMissing,
                source_etag=f'"{info.etag}"',
                source_match_condition=MatchConditions.IfNotModified,
            )

        answer = await self._calls.run("copy", self._where(info.key), copy, expected=TAKEN | _MISSING | _CHANGED)
        changed = isinstance(answer, Refused) and answer.code in _CHANGED
        there = None if changed else await self._copied(info.key)
        digest = original.sha256 if original is not None else None
        return check_copy(self, source, info, there, digest, lambda copy: answer is None)

    async def restore(self, key: str, *, days: int) -> str:
        """Set the access tier to Cool, with standard priority (up to 15 hours).

        Azure has no temporary restore: the blob stays in Cool, at Cool's price, until it is archived again, so `days`
        has no effect.
        """
        if await self.restore_state(key) == "archived":
            blob = self._blob(key)

            async def rehydrate() -> None:
                await blob.set_standard_blob_tier(RESTORED_TIER, rehydrate_priority=RehydratePriority.standard)

            await self._calls.run("restore", self._where(key), rehydrate, expected=frozenset({"BlobBeingRehydrated"}))
        return await self.restore_state(key)

    async def restore_state(self, key: str) -> str:
        """Derive the state from the blob's access tier and archive status."""
        there = await self._properties(key)
        if there is None:
            raise StoreError(self._where(key), "does not exist")
        if there.blob_tier == StandardBlobTier.ARCHIVE:
            return "restoring" if there.archive_status else "archived"
        return "restored" if self.tier == "archive" and not key.startswith(RESERVED_PREFIX) else "readable"

    async def close(self) -> None:
        await self._client.close()

    async def _properties(self, key: str) -> Any:
        blob = self._blob(key)
        answer = await self._calls.run("head", self._where(key), blob.get_blob_properties, expected=_MISSING)
        return None if isinstance(answer, Refused) else answer

    async def _copied(self, key: str) -> ObjectInfo | None:
        for _ in range(COPY_POLLS):
            there = await self._properties(key)
            status = there.copy.status if there is not None else None
            if status in ("failed", "aborted"):
                await self.delete(key, etag=there.etag.strip('"'))
                raise StoreError(self._where(key), f"the copy {status}", "The next run copies it again")
            if status != "pending":
                return None if there is None else _info(key, there)
            await asyncio.sleep(COPY_POLL_SECONDS)
        raise StoreError(self._where(key), "the copy has not finished yet", "The next run checks it again")

    def _settings(self, key: str, content: Declared) -> dict[str, Any]:
        encoding = content.get("content_encoding")
        return {
            "metadata": to_azure({**(content.get("metadata") or {}), "sha256": content["sha256"]}),
            "content_settings": ContentSettings(content_type="application/json", content_encoding=encoding),
            "standard_blob_tier": self._access_tier(key),
        }

    def _access_tier(self, key: str) -> StandardBlobTier:
        return StandardBlobTier.HOT if key.startswith(RESERVED_PREFIX) else ACCESS_TIERS[self.tier]

    def _blob(self, key: str) -> Any:
        fault = key_fault(key)
        if fault:
            raise StoreError(
                self._where(key), f"is not a valid blob name: {fault}", "Choose another cloud or device id"
            )
        return self._client.get_blob_client(key)

    def _where(self, key: str) -> str:
        return f"{self.name}/{key}"


def _info(key: str, there: Any) -> ObjectInfo:
    metadata = from_azure(there.metadata or {})
    return ObjectInfo(
        key,
        int(there.size),
        str(there.etag).strip('"'),
        there.last_modified,
        metadata.get("sha256"),
        str(there.blob_tier) if there.blob_tier else None,
        there.content_settings.content_encoding or None,
        metadata,
    )
