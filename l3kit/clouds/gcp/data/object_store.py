"""The cold tier, the archive tier or the dead letters in Cloud Storage: one bucket, one storage class."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Unpack

import google.cloud.storage as storage
import requests

from l3kit.clouds.gcp.data.blobs import blob_info, blob_version, etag_generation
from l3kit.clouds.gcp.data.object_names import key_fault
from l3kit.clouds.gcp.data.resumable_upload import PIECE_BYTES, TAKEN, Upload
from l3kit.clouds.gcp.data.storage_calls import StorageCalls
from l3kit.errors import StoreError
from l3kit.tiering.format.chunks import RESERVED_PREFIX
from l3kit.tiering.object_writes import check_body, check_copy, same_or_conflict, stored_digest
from l3kit.tiering.ports import Declared, ObjectInfo, ObjectStore, ObjectVersion, Tier
from l3kit.tiering.sdk_calls import Refused

STORAGE_CLASSES: Mapping[Tier, str] = {"cold": "COLDLINE", "archive": "ARCHIVE", "letters": "STANDARD"}
PAGE = 1000
_MISSING = frozenset({404})
_LISTED = "items(name,size,generation,timeCreated,storageClass,contentEncoding),nextPageToken"
_LISTED_VERSIONS = "items(name,size,generation,timeCreated,timeDeleted,softDeleteTime,hardDeleteTime),nextPageToken"
_COPIED = (
    "cache_control",
    "content_disposition",
    "content_encoding",
    "content_language",
    "content_type",
    "custom_time",
    "metadata",
)

_Page = tuple[list[storage.Blob], str | None]


class GcsObjectStore:
    """`ObjectStore` on one bucket.

    Objects below `_l3kit/` (reports, parts) are STANDARD in every tier, since they are small and short-lived. `etag` is
    the object's generation, which grows with each new content of a key.

    Args:
        client: Google's, with a connection pool as large as the number of threads of `calls`.
        session: the client's session, for the pieces of large uploads.
        timeout: seconds for connecting, and for each read of the response.
    """

    def __init__(
        self,
        name: str,
        tier: Tier,
        client: storage.Client,
        session: requests.Session,
        calls: StorageCalls,
        *,
        timeout: float,
    ) -> None:
        self.name = name
        self.tier: Tier = tier
        self._client = client
        self._session = session
        self._calls = calls
        self._once: dict[str, Any] = {"timeout": timeout, "retry": None}
        self._timeout = timeout
        self.usage = calls.usage

    def key_fault(self, key: str) -> str | None:
        return key_fault(key)

    async def create(self, key: str, body: bytes, **content: Unpack[Declared]) -> ObjectInfo:
        """Upload on condition of generation 0, with the body's CRC32C, which the service verifies.

        The service does not support SHA-256, which is therefore verified here if the body is stored unencoded.
        """
        if len(body) > PIECE_BYTES:
            return await self.create_large(key, _one(body), **content)
        check_body(self._where(key), body, content)
        blob = self._new_blob(key, content)

        def upload() -> None:
            blob.upload_from_string(
                body, content_type="application/json", if_generation_match=0, checksum="crc32c", **self._once
            )

        answer = await self._calls.run("put", self._where(key), upload, sends=len(body), expected=TAKEN)
        return await same_or_conflict(self, key, content["sha256"]) if isinstance(answer, Refused) else blob_info(blob)

    async def create_large(self, key: str, parts: AsyncIterator[bytes], **content: Unpack[Declared]) -> ObjectInfo:
        """Upload resumably; the last piece is sent only once the digest is verified."""
        blob = self._new_blob(key, content)

        def begin() -> str:
            address: str = blob.create_resumable_upload_session(
                content_type="application/json", if_generation_match=0, checksum=None, **self._once
            )
            return address

        upload = Upload(self._calls, self._where(key), begin, self._send)
        outcome = await upload.run(parts, stored_digest(content))
        if isinstance(outcome, bytes):
            return await self.create(key, outcome, **content)
        return await same_or_conflict(self, key, content["sha256"])

    async def head(self, key: str) -> ObjectInfo | None:
        blob = await self._load(self._blob(key))
        return None if blob is None else blob_info(blob)

    async def read(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        """Archived objects are readable immediately, at a higher price."""
        blob = self._blob(key)
        if length == 0:
            return b""

        def download() -> bytes:
            content: bytes = blob.download_as_bytes(
                start=start or None,
                end=None if length is None else start + length - 1,
                raw_download=True,
                checksum="crc32c",
                single_shot_download=True,
                **self._once,
            )
            return content

        content: bytes = await self._run("get", key, download)
        self.usage.bytes_in += len(content)
        return content

    async def delete(self, key: str, *, etag: str | None = None) -> bool:
        blob = self._blob(key)
        generation = None if etag is None else etag_generation(etag)
        if etag is not None and generation is None:  # not an etag of this store
            return await self._load(blob) is None
        answer = await self._calls.run(
            "delete",
            self._where(key),
            lambda: blob.delete(if_generation_match=generation, **self._once),
            expected=TAKEN | _MISSING,
        )
        return answer != Refused(412)

    async def list(self, prefix: str = "") -> AsyncIterator[ObjectInfo]:
        """Cost: one request per 1,000 objects."""
        async for blob in self._listed(prefix, fields=_LISTED):
            yield blob_info(blob)

    async def versions(self, prefix: str = "") -> AsyncIterator[ObjectVersion]:
        """Cost: one request per 1,000 generations, and one more per 1,000 that were deleted softly."""
        async for blob in self._listed(prefix, fields=_LISTED_VERSIONS, versions=True):
            yield blob_version(blob)
        async for blob in self._listed(prefix, fields=_LISTED_VERSIONS, soft_deleted=True):
            yield blob_version(blob)

    async def delete_version(self, version: ObjectVersion) -> None:
        """Delete the generation. A bucket with a policy of soft deletion keeps it for a while."""
        blob = self._client.bucket(self.name).blob(version.key, generation=int(version.version))
        await self._calls.run(
            "delete_version", self._where(version.key), lambda: blob.delete(**self._once), expected=_MISSING
        )

    async def copy_from(self, source: ObjectStore, info: ObjectInfo) -> ObjectInfo:
        """Rewrite, conditional on source and destination, until all bytes are in the new class."""
        original = await self._load(self._blob(info.key, source.name))
        if original is not None and str(original.generation) == info.etag:
            await self._rewrite(original)
        else:
            original = None
        blob = await self._load(self._blob(info.key))
        digest = info.sha256 or (blob_info(original).sha256 if original is not None else None)
        alike = blob is not None and original is not None and blob.crc32c == original.crc32c
        return check_copy(self, source, info, blob_info(blob) if blob else None, digest, lambda copy: alike)

    async def restore(self, key: str, *, days: int) -> str:
        """Change nothing: Cloud Storage's Archive class is readable immediately."""
        return await self.restore_state(key)

    async def restore_state(self, key: str) -> str:
        """Return `readable` for every existing object, also in the Archive class."""
        if await self.head(key) is None:
            raise StoreError(self._where(key), "does not exist")
        return "readable"

    async def close(self) -> None:
        self._calls.close()
        self._client.close()

    async def _run(self, kind: str, key: str, work: Any) -> Any:
        answer = await self._calls.run(kind, self._where(key), work)
        assert not isinstance(answer, Refused)  # no status was expected
        return answer

    async def _load(self, blob: storage.Blob) -> storage.Blob | None:
        where = f"{blob.bucket.name}/{blob.name}"
        answer = await self._calls.run("head", where, lambda: blob.reload(**self._once), expected=_MISSING)
        return None if isinstance(answer, Refused) else blob

    async def _listed(self, prefix: str, **listed: Any) -> AsyncIterator[storage.Blob]:
        token: str | None = None
        while True:

            def ask(token: str | None = token) -> _Page:
                found = self._client.list_blobs(
                    self.name, prefix=prefix or None, page_token=token, page_size=PAGE, **listed, **self._once
                )
                page = next(found.pages, None)
                return list(page or ()), found.next_page_token

            blobs, token = await self._run("list", "", ask)
            for blob in blobs:
                yield blob
            if not token:
                return

    async def _rewrite(self, original: storage.Blob) -> None:
        """Copy the object; without an error if a condition no longer holds, since the caller checks the copy."""
        target = self._blob(original.name)
        for attribute in _COPIED:  # setting only the class would drop all metadata
            value = getattr(original, attribute)
            if value is not None:
                setattr(target, attribute, value)
        target.storage_class = self._storage_class(original.name)
        token: str | None = None
        while True:

            def ask(token: str | None = token) -> tuple[str | None, int, int]:
                answer: tuple[str | None, int, int] = target.rewrite(
                    original,
                    token=token,
                    if_generation_match=0,
                    if_source_generation_match=original.generation,
                    **self._once,
                )
                return answer

            answer = await self._calls.run("copy", self._where(original.name), ask, expected=TAKEN | _MISSING)
            if isinstance(answer, Refused) or answer[0] is None:
                return
            token = answer[0]

    def _new_blob(self, key: str, content: Declared) -> storage.Blob:
        blob, metadata = self._blob(key), content.get("metadata") or {}
        blob.metadata = {name.lower(): text for name, text in metadata.items()} | {"sha256": content["sha256"]}
        blob.storage_class = self._storage_class(key)
        if encoding := content.get("content_encoding"):
            blob.content_encoding = encoding
        return blob

    def _blob(self, key: str, bucket: str | None = None) -> storage.Blob:
        fault = key_fault(key)
        if fault:
            raise StoreError(self._where(key)[:200], fault, "Choose another name")
        return self._client.bucket(bucket or self.name).blob(key)

    def _send(self, method: str, address: str, headers: dict[str, str], body: bytes) -> requests.Response:
        return self._session.request(
            method, address, headers=headers, data=body, timeout=self._timeout, allow_redirects=False
        )

    def _storage_class(self, key: str) -> str:
        return "STANDARD" if key.startswith(RESERVED_PREFIX) else STORAGE_CLASSES[self.tier]

    def _where(self, key: str) -> str:
        return f"{self.name}/{key}" if key else f"bucket {self.name}"


async def _one(body: bytes) -> AsyncIterator[bytes]:
    yield body
