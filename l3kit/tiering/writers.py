"""The receiving side: the cold writer and the archive writer, the same on every cloud."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import logging
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from l3kit.errors import KeyConflictError, L3Error, StoreError
from l3kit.tiering import wire
from l3kit.tiering.chunks import CONTENT_ENCODINGS, RESERVED_PREFIX, compress, object_key
from l3kit.tiering.digest import ContentDigest
from l3kit.tiering.multipart import MAX_PARTS, Upload, sweep_parts, take_part
from l3kit.tiering.object_metadata import amount_fault, metadata_fault
from l3kit.tiering.ports import ObjectStore
from l3kit.tiering.receipts import RECEIPT_PREFIX, archived_digest
from l3kit.tiering.tokens import FormerToken, Secret, still_taken
from l3kit.tiering.wire import Envelope, Refusal, Request, Response

MAX_CHUNK_KEY_BYTES = wire.MAX_KEY_BYTES - len(RECEIPT_PREFIX)
"""The chunk's receipt, once it is archived, has the key with a prefix."""
WRITE_SECONDS = 50.0
"""A request is given up after so long: before the functions' own limit of 60 s, and long before a lease ends (120 s),
after which another run may settle the chunk in another way. What is still being tried then would come too late."""
_CONTENT_ENCODING = re.compile(r"[A-Za-z0-9._-]{1,40}")

log = logging.getLogger(__name__)


class _Writer(ABC):
    """What both writers do around their own part: token first, then the body, and no internals in any answer.

    Args:
        token: blank where it was not injected: then everything is answered 403.
        former: taken beside it until their end.
        clock: wall clock, UTC.
        seconds: after which a request is given up, with no further attempt at the store.
    """

    def __init__(
        self,
        store: ObjectStore,
        token: Secret,
        *,
        former: Sequence[FormerToken] = (),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        seconds: float = WRITE_SECONDS,
    ) -> None:
        self._store = store
        self._token = token
        self._former = former
        self._clock = clock
        self._seconds = seconds

    async def handle(self, request: Request) -> Response:
        """Answer one request; never raises for anything the sender or the store did."""
        former = (one.token for one in still_taken(self._former, self._clock()))
        if not wire.check_token(request, self._token, *former):
            if not self._token:
                log.error("INTER_CLOUD_TOKEN is not set: every request is refused; apply the twin again")
            return Response(403, {"error": f"the header {wire.TOKEN_HEADER} is missing or wrong"})
        if request.method.upper() != "POST":
            return Response(405, {"error": "only POST is taken"}, {"allow": "POST"})
        try:
            async with asyncio.timeout(self._seconds):
                return await self._write(request, Envelope(wire.plain_body(request)))
        except Refusal as refusal:
            log.info("refused with %d: %s", refusal.status, refusal)
            return refusal.response()
        except KeyConflictError as error:
            log.warning("%s", error)
            return self._conflict(error)
        except TimeoutError:
            log.error("given up: the store did not answer within %g s", self._seconds)
        except L3Error:
            log.exception("the store failed")
        except Exception:  # the runtime would answer with the exception's text
            log.exception("unexpected")
        return Response(500, {"error": "the storage failed; the reason is in the writer's log"})

    def _conflict(self, error: KeyConflictError) -> Response:
        return Response(
            409,
            {"error": "the key holds other content, which was left as it is", "key": error.resource}
            | ({"sha256": error.existing_sha256} if error.existing_sha256 else {}),
        )

    def _check_holdable(self, key: str, field: str) -> None:
        """Raises: Refusal 400 where this cloud's store would refuse the key, or keep it under another name."""
        if fault := self._store.key_fault(key):
            raise Refusal(400, fault, field)

    @abstractmethod
    async def _write(self, request: Request, envelope: Envelope) -> Response: ...

    async def _create(
        self, key: str, body: bytes, sha256: str, encoding: str | None, metadata: Mapping[str, str]
    ) -> None:
        try:
            await self._store.create(key, body, sha256=sha256, content_encoding=encoding, metadata=metadata)
        except KeyConflictError as error:
            raise await self._explained(error, key) from None

    async def _explained(self, error: KeyConflictError, key: str) -> KeyConflictError:
        """The conflict under the bare key and with the digest of what is there, read where the store does not tell."""
        existing = error.existing_sha256
        if existing is None:
            try:
                existing = await self._digest_of(key)
            except StoreError as unread:  # archived content cannot be read
                log.warning("%s", unread)
        return KeyConflictError(key, error.cause, existing_sha256=existing)

    async def _digest_of(self, key: str) -> str | None:
        info = await self._store.head(key)
        if info is None or info.sha256:
            return info.sha256 if info else None
        digest = ContentDigest(info.content_encoding, key)
        digest.update(await self._store.read(key))
        return digest.hexdigest()


class ColdWriter(_Writer):
    """Takes chunks. The object is the `items` array exactly as it was sent, byte for byte."""

    async def _write(self, request: Request, envelope: Envelope) -> Response:
        compression: Any = envelope.choice("compression", tuple(CONTENT_ENCODINGS), "none")
        device_id = envelope.text("iot_device_id")
        start, end = envelope.text("start_timestamp"), envelope.text("end_timestamp")
        number = envelope.whole("chunk_index", 0, 10**9)
        envelope.text("source_cloud", "unknown")
        items = envelope.raw("items")
        key = object_key(device_id, start, end, number, compression)
        if key.startswith(RESERVED_PREFIX):
            raise Refusal(400, f"{device_id!r} is reserved", "iot_device_id")
        wire.check_key(request, key, "iot_device_id", MAX_CHUNK_KEY_BYTES)
        self._check_holdable(key, "iot_device_id")
        seal = envelope.flag("seal")
        count = _check_items(items, device_id, start, end, seal=seal)
        sha256 = hashlib.sha256(items).hexdigest()
        if envelope.digest() not in (None, sha256):
            raise Refusal(400, f"the items that arrived have {sha256}", "sha256")
        answer = {"written": count, "key": key, "sha256": sha256}
        if envelope.flag("again") and await archived_digest(self._store, key) == sha256:
            return Response(200, answer)
        stored = await asyncio.to_thread(compress, items, compression) if compression != "none" else items
        await self._create(key, stored, sha256, CONTENT_ENCODINGS[compression], {"items": str(count)})
        if seal and (archived := await archived_digest(self._store, key)):
            raise KeyConflictError(key, "was archived", existing_sha256=archived)
        return Response(200, answer | {"sealed": True} if seal else answer)


def _check_items(raw: bytes, device_id: str, start: str, end: str, *, seal: bool) -> int:
    """The number of items. Raises: Refusal 400 naming `items` or the field that contradicts them."""
    try:
        items = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Refusal(400, f"is not valid JSON ({error.msg})", "items") from None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Refusal(400, "must be an array of objects", "items")
    if seal:
        if raw != b"[]":
            raise Refusal(400, "must be [] where 'seal' is true", "items")
        return 0
    if not items:
        raise Refusal(400, "is empty", "items")
    for item, bound, field in ((items[0], start, "start_timestamp"), (items[-1], end, "end_timestamp")):
        if item.get("id", bound) != bound:
            raise Refusal(400, "is not the 'id' of the item at that end of 'items'", field)
    if any(item.get("iotDeviceId", device_id) != device_id for item in items):
        raise Refusal(400, "an item belongs to another device ('iotDeviceId')", "items")
    return len(items)


class ArchiveWriter(_Writer):
    """Takes whole objects, or parts of them."""

    async def _write(self, request: Request, envelope: Envelope) -> Response:
        key = envelope.text("object_key")
        if fault := wire.key_fault(key):
            raise Refusal(400, fault, "object_key")
        wire.check_key(request, key, "object_key")
        self._check_holdable(key, "object_key")
        envelope.text("source_cloud", "unknown")
        data = _data(envelope)
        encoding = _content_encoding(envelope)
        upload = Upload(key, 1, envelope.digest(), encoding, _metadata(envelope))
        if envelope.flag("is_multipart"):
            return await self._take_part(envelope, upload, data)
        sha256 = _content_digest(key, data, encoding)
        if upload.sha256 not in (None, sha256):
            raise Refusal(400, f"the data that arrived have {sha256}", "sha256")
        await self._create(key, data, sha256, encoding, upload.metadata)
        return Response(200, {"written": len(data), "key": key, "sha256": sha256})

    async def _take_part(self, envelope: Envelope, upload: Upload, data: bytes) -> Response:
        total = envelope.whole("total_parts", 1, MAX_PARTS)
        number = envelope.whole("part_number", 1, total)
        upload = Upload(upload.key, total, upload.sha256, upload.content_encoding, upload.metadata)
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
            log.warning("forgotten parts could not be removed: %s", error)
        else:
            if swept:
                log.info("%d parts of uploads that were given up were removed", swept)


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


def _content_encoding(envelope: Envelope) -> str | None:
    value = envelope.text("content_encoding", "identity")
    if not _CONTENT_ENCODING.fullmatch(value) or value.lower() == "aws-chunked":  # S3 takes that one off
        raise Refusal(400, "must be a name like gzip, and not aws-chunked", "content_encoding")
    return None if value == "identity" else value


def _content_digest(key: str, data: bytes, encoding: str | None) -> str:
    digest = ContentDigest(encoding, key)
    try:
        digest.update(data)
        return digest.hexdigest()
    except StoreError as error:
        raise Refusal(400, error.cause, "content_encoding") from None


def _metadata(envelope: Envelope) -> Mapping[str, str]:
    """Object metadata: short texts. The digest goes by its own field."""
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
