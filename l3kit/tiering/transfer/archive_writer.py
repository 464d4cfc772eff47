"""The archive writer: receives objects, whole or in parts, from a mover on another cloud."""

from __future__ import annotations

import base64
import binascii
import logging
import re
from collections.abc import Mapping

from l3kit.errors import KeyConflictError, StoreError
from l3kit.tiering.format.digest import ContentDigest, canonical_encoding
from l3kit.tiering.format.object_metadata import amount_fault, metadata_fault
from l3kit.tiering.transfer import wire
from l3kit.tiering.transfer.envelope import Envelope
from l3kit.tiering.transfer.multipart import MAX_PARTS, Upload, sweep_parts, take_part
from l3kit.tiering.transfer.receiver import WriterFunction
from l3kit.tiering.transfer.wire import Refusal, Request, Response

_CONTENT_ENCODING = re.compile(r"(?!aws-chunked$)[a-z0-9._-]{1,40}")  # S3 removes aws-chunked

log = logging.getLogger(__name__)


class ArchiveWriter(WriterFunction):
    """Receives whole objects, or parts of them."""

    path = "/archive-writer"

    async def _write(self, request: Request, envelope: Envelope) -> Response:
        key = envelope.text("object_key")
        if fault := wire.key_fault(key):
            raise Refusal(400, fault, "object_key")
        wire.check_length(key, "object_key")
        wire.check_idempotency_key(request, key)
        self._check_holdable(key, "object_key")
        envelope.text("source_cloud", "unknown")
        data, encoding, metadata = _data(envelope), _content_encoding(envelope), _metadata(envelope)
        declared = envelope.digest()
        number, total = _place(envelope)
        if total > 1:
            if declared is None:
                raise Refusal(400, "is missing; it alone distinguishes the parts of two uploads", "sha256")
            return await self._take_part(Upload(key, total, declared, encoding, metadata), number, data)
        sha256 = _content_digest(key, data, encoding)
        if declared not in (None, sha256):
            raise Refusal(400, f"the data that arrived have {sha256}", "sha256")
        await self._create(key, data, sha256, encoding, metadata)
        return Response(200, {"written": len(data), "key": key, "sha256": sha256})

    async def _take_part(self, upload: Upload, number: int, data: bytes) -> Response:
        try:
            progress = await take_part(self._store, upload, number, data)
        except KeyConflictError as error:
            raise await self._explained(error, upload.key) from None
        if progress.done is None:
            return Response(200, {"pending": list(progress.pending), "key": upload.key, "part_number": number})
        await self._sweep()
        info = progress.done
        return Response(200, {"written": info.size, "key": upload.key, "sha256": info.sha256})

    async def _sweep(self) -> None:
        try:
            swept = await sweep_parts(self._store, now=self._clock())
        except StoreError as error:  # the object is complete; the next upload sweeps again
            log.warning("orphaned parts could not be removed: %s", error)
        else:
            if swept:
                log.info("removed %d parts of abandoned uploads", swept)


def _data(envelope: Envelope) -> bytes:
    """The bytes to store."""
    encoding = envelope.choice("data_encoding", ("utf-8", "base64"), "utf-8")
    value = envelope.value("data")
    if not isinstance(value, str):
        raise Refusal(400, "must be text", "data")
    if encoding == "utf-8":
        return value.encode()
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(400, "is not valid base64", "data") from None


def _place(envelope: Envelope) -> tuple[int, int]:
    """Part number and number of parts; (1, 1) for a whole object."""
    if envelope.flag("is_multipart"):
        total = envelope.whole("total_parts", 1, MAX_PARTS)
        return envelope.whole("part_number", 1, total), total
    for name in ("part_number", "total_parts"):
        if envelope.has(name) and envelope.whole(name, 0, MAX_PARTS) > 1:
            raise Refusal(400, f"must be true where '{name}' is more than 1", "is_multipart")
    return 1, 1


def _content_encoding(envelope: Envelope) -> str | None:
    value = canonical_encoding(envelope.text("content_encoding", "identity"))
    if value is not None and not _CONTENT_ENCODING.fullmatch(value):
        raise Refusal(400, "must be a name like gzip, and not aws-chunked", "content_encoding")
    return value


def _content_digest(key: str, data: bytes, encoding: str | None) -> str:
    digest = ContentDigest(encoding, key)
    try:
        digest.update(data)
        return digest.hexdigest()
    except StoreError as error:
        raise Refusal(400, error.cause, "content_encoding") from None


def _metadata(envelope: Envelope) -> Mapping[str, str]:
    """Object metadata without the digest, which has a field of its own."""
    if not envelope.has("metadata"):
        return {}
    value = envelope.value("metadata")
    if not isinstance(value, dict):
        raise Refusal(400, "must be an object of texts", "metadata")
    for name, text in value.items():
        if fault := metadata_fault(name, text):
            raise Refusal(400, fault, "metadata")
    if fault := amount_fault(value):
        raise Refusal(400, fault, "metadata")
    return {name: text for name, text in value.items() if name != "sha256"}
