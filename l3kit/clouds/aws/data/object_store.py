"""The cold tier, the archive tier or the dead letters in S3: one bucket, one storage class."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Unpack
from urllib.parse import quote, unquote, unquote_plus

from l3kit.clouds.aws.data.client import TAKEN, Answer, AwsClient, Call
from l3kit.clouds.aws.data.sigv4 import quote_path
from l3kit.errors import StoreError
from l3kit.tiering.format.chunks import RESERVED_PREFIX
from l3kit.tiering.object_writes import check_copy, same_or_conflict, stored_digest
from l3kit.tiering.ports import Declared, ObjectInfo, ObjectStore, ObjectVersion, Tier

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

STORAGE_CLASSES: Mapping[Tier, str] = {"cold": "STANDARD_IA", "archive": "DEEP_ARCHIVE", "letters": "STANDARD"}
ARCHIVED_CLASSES = frozenset({"GLACIER", "DEEP_ARCHIVE"})
MAX_KEY_BYTES = 1024
META = "x-amz-meta-"
MISSING = frozenset({"404", "NoSuchKey"})
RESTORE = (
    '<RestoreRequest xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Days>{days}</Days>'
    "<GlacierJobParameters><Tier>{tier}</Tier></GlacierJobParameters></RestoreRequest>"
)


class S3ObjectStore:
    """`ObjectStore` on one bucket.

    Objects below `_l3kit/` (reports, parts) are S3 Standard in every tier, since they are small and short-lived.

    Args:
        path_style: put the bucket in the path instead of the host name, as emulators require.
        restore_tier: `Standard` (12 hours from Deep Archive) or `Bulk` (48 hours, cheaper).
    """

    def __init__(
        self, name: str, tier: Tier, client: AwsClient, *, path_style: bool, restore_tier: str = "Standard"
    ) -> None:
        self.name = name
        self.tier: Tier = tier
        self._client = client
        self._root = f"/{name}" if path_style else ""
        self._restore_tier = restore_tier
        self.usage = client.usage

    def key_fault(self, key: str) -> str | None:
        """S3 allows any key of 1 to 1,024 bytes."""
        return None if 1 <= len(key.encode()) <= MAX_KEY_BYTES else f"S3 allows keys of 1 to {MAX_KEY_BYTES:,} bytes"

    async def create(self, key: str, body: bytes, **content: Unpack[Declared]) -> ObjectInfo:
        """Create by a PUT with `If-None-Match: *` and the body's checksum, which S3 verifies."""
        digest = stored_digest(content) or hashlib.sha256(body).hexdigest()
        headers = self._head(key, content) | {
            "if-none-match": "*",
            "x-amz-checksum-sha256": base64.b64encode(bytes.fromhex(digest)).decode("ascii"),
            "x-amz-sdk-checksum-algorithm": "SHA256",
        }
        answer = await self._client.call(
            Call(
                "put",
                self._where(key),
                "PUT",
                self._path(key),
                headers=headers,
                body=body,
                expected=TAKEN,
                payload_sha256=digest,
            )
        )
        if answer.status < 300:
            return self._info(key, answer, len(body), headers)
        return await same_or_conflict(self, key, content["sha256"])

    async def create_large(self, key: str, parts: AsyncIterator[bytes], **content: Unpack[Declared]) -> ObjectInfo:
        """Upload in parts, completed only if the key is still free."""
        from l3kit.clouds.aws.data.multipart import upload_parts

        headers, digest = self._head(key, content), stored_digest(content)
        small = await upload_parts(self._client, self._where(key), self._path(key), headers, parts, digest)
        if small is not None:
            return await self.create(key, small, **content)
        return await same_or_conflict(self, key, content["sha256"])

    async def head(self, key: str) -> ObjectInfo | None:
        answer = await self._head_request(key)
        return None if answer is None else self._info(key, answer, int(answer.headers["content-length"]))

    async def read(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        headers = {}
        if start or length is not None:
            headers["range"] = f"bytes={start}-" + ("" if length is None else str(start + length - 1))
        answer = await self._client.call(Call("get", self._where(key), "GET", self._path(key), headers=headers))
        return answer.body

    async def delete(self, key: str, *, etag: str | None = None) -> bool:
        headers = {"if-match": f'"{etag}"'} if etag else {}
        answer = await self._client.call(
            Call("delete", self._where(key), "DELETE", self._path(key), headers=headers, expected=TAKEN | MISSING)
        )
        return answer.status not in (412,) and answer.code != "PreconditionFailed"

    async def list(self, prefix: str = "") -> AsyncIterator[ObjectInfo]:
        """Cost: one request per 1,000 objects."""
        from xml.etree import ElementTree  # slow to import, and most runs of the hot-to-cold mover list nothing

        token = ""
        while True:
            query = [("list-type", "2"), ("encoding-type", "url"), ("prefix", prefix)]
            if token:
                query.append(("continuation-token", token))
            answer = await self._client.call(Call("list", f"bucket {self.name}", "GET", self._root + "/", query=query))
            root = ElementTree.fromstring(answer.body)
            for entry in root.iterfind("{*}Contents"):
                yield _listed(entry)
            token = root.findtext("{*}NextContinuationToken") or ""
            if root.findtext("{*}IsTruncated") != "true" or not token:
                return

    def versions(self, prefix: str = "") -> AsyncIterator[ObjectVersion]:
        from l3kit.clouds.aws.data.object_versions import list_versions

        return list_versions(self._client, self.name, self._root, prefix)

    async def delete_version(self, version: ObjectVersion) -> None:
        query = [("versionId", version.version)]
        await self._client.call(
            Call(
                "delete_version",
                self._where(version.key),
                "DELETE",
                self._path(version.key),
                query=query,
                expected=MISSING | {"NoSuchVersion"},
            )
        )

    async def copy_from(self, source: ObjectStore, info: ObjectInfo) -> ObjectInfo:
        """Copy by CopyObject, conditional on source and destination; objects up to 5 GB."""
        headers = {
            "x-amz-copy-source": f"/{source.name}/{quote_path(info.key)}",
            "x-amz-copy-source-if-match": f'"{info.etag}"',
            "x-amz-metadata-directive": "COPY",
            "x-amz-storage-class": self._storage_class(info.key),
            "if-none-match": "*",
        }
        original = info if info.sha256 else await source.head(info.key)
        await self._client.call(
            Call("copy", self._where(info.key), "PUT", self._path(info.key), headers=headers, expected=TAKEN | MISSING)
        )
        digest = original.sha256 if original is not None else None
        return check_copy(self, source, info, await self.head(info.key), digest, lambda copy: copy.etag == info.etag)

    async def restore(self, key: str, *, days: int) -> str:
        body = RESTORE.format(days=days, tier=self._restore_tier).encode()
        await self._client.call(
            Call(
                "restore",
                self._where(key),
                "POST",
                self._path(key),
                query=[("restore", "")],
                body=body,
                headers={"content-type": "application/xml"},
                expected=frozenset({"RestoreAlreadyInProgress"}),
            )
        )
        return await self.restore_state(key)

    async def restore_state(self, key: str) -> str:
        """Derive the state from the `x-amz-restore` header of a HEAD."""
        answer = await self._head_request(key)
        if answer is None:
            raise StoreError(self._where(key), "does not exist")
        if answer.headers.get("x-amz-storage-class") not in ARCHIVED_CLASSES:
            return "readable"
        state = answer.headers.get("x-amz-restore", "")
        if not state:
            return "archived"
        return "restoring" if 'ongoing-request="true"' in state else "restored"

    async def close(self) -> None:
        self._client.close()

    async def _head_request(self, key: str) -> Answer | None:
        answer = await self._client.call(
            Call("head", self._where(key), "HEAD", self._path(key), expected=frozenset({"404"}))
        )
        return None if answer.status == 404 else answer

    def _head(self, key: str, content: Declared) -> dict[str, str]:
        metadata = content.get("metadata") or {}
        headers = {META + name.lower(): quote(value, safe=" -_.~/:+=,") for name, value in metadata.items()}
        headers |= {
            META + "sha256": content["sha256"],
            "content-type": "application/json",
            "x-amz-storage-class": self._storage_class(key),
        }
        if encoding := content.get("content_encoding"):
            headers["content-encoding"] = encoding
        return headers

    def _info(self, key: str, answer: Answer, size: int, sent: Mapping[str, str] | None = None) -> ObjectInfo:
        headers = {**(sent or {}), **answer.headers}
        metadata = {name[len(META) :]: unquote(value) for name, value in headers.items() if name.startswith(META)}
        modified = headers.get("last-modified")
        return ObjectInfo(
            key,
            size,
            headers.get("etag", "").strip('"'),
            _moment(modified) if modified else datetime.now(UTC),
            metadata.get("sha256"),
            headers.get("x-amz-storage-class", "STANDARD"),
            headers.get("content-encoding") or None,
            metadata,
        )

    def _storage_class(self, key: str) -> str:
        return "STANDARD" if key.startswith(RESERVED_PREFIX) else STORAGE_CLASSES[self.tier]

    def _path(self, key: str) -> str:
        return f"{self._root}/{quote_path(key)}"

    def _where(self, key: str) -> str:
        return f"{self.name}/{key}"


def _moment(text: str) -> datetime:
    """Parse the date of a header."""
    from email.utils import parsedate_to_datetime  # slow to import, and no response to a PUT has one

    return parsedate_to_datetime(text)


def _listed(entry: Element) -> ObjectInfo:
    return ObjectInfo(
        unquote_plus(entry.findtext("{*}Key") or ""),
        int(entry.findtext("{*}Size") or 0),
        (entry.findtext("{*}ETag") or "").strip('"'),
        datetime.fromisoformat(entry.findtext("{*}LastModified") or "1970-01-01T00:00:00+00:00"),
        storage_class=entry.findtext("{*}StorageClass"),
    )
