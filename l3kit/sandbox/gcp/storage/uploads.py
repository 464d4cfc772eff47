"""Uploads in one request: content only (media), or metadata and content (multipart/related)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any

from aiohttp import web

from l3kit.sandbox.gcp.storage.answers import Refusal, invalid, json_answer
from l3kit.sandbox.gcp.storage.bodies import BLOCK_BYTES, Body
from l3kit.sandbox.gcp.storage.calls import MAX_JSON_BYTES, Call, json_object
from l3kit.sandbox.gcp.storage.conditions import Conditions
from l3kit.sandbox.gcp.storage.objects import StoredObject, checked_class, checked_fields, checked_name
from l3kit.sandbox.gcp.storage.storage import NewObject, Storage

_HASH_FIELDS = {"md5": "md5Hash", "crc32c": "crc32c"}


@dataclass(frozen=True)
class Upload:
    """An upload's destination and the checksums that its sender stated (`md5Hash`, `crc32c`: base64)."""

    new: NewObject
    hashes: Mapping[str, str]

    @classmethod
    def of(cls, call: Call, bucket: str, resource: Mapping[str, Any], content_type: str | None) -> Upload:
        """Read the request and its object resource. Raises: Refusal."""
        name = checked_name(resource.get("name") or call.query.get("name"))
        given = {**resource}
        if content_type and not given.get("contentType"):
            given["contentType"] = content_type
        if call.query.get("contentEncoding"):
            given["contentEncoding"] = call.query["contentEncoding"]
        storage_class = checked_class(resource["storageClass"]) if resource.get("storageClass") else None
        new = NewObject(bucket, name, checked_fields(given), storage_class, Conditions.of(call))
        hashes = {name: str(resource[name]) for name in _HASH_FIELDS.values() if resource.get(name)}
        return cls(new, {**hash_header(call.request), **hashes})

    def check(self, body: Body) -> None:
        """Check the content against the stated checksums. Raises: Refusal (400)."""
        computed = {"md5Hash": body.md5, "crc32c": body.crc32c}
        for name, given in self.hashes.items():
            if given != computed[name]:
                raise invalid(f"Provided {name} hash {given!r} doesn't match calculated hash {computed[name]!r}.", name)


class Uploads:
    """`uploadType=media` and `uploadType=multipart`."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def media(self, call: Call, bucket: str) -> web.StreamResponse:
        upload = Upload.of(call, bucket, {}, call.request.headers.get("Content-Type"))
        self._storage.admit(call.access, upload.new)
        stored = await self._store(upload, call.request.content.iter_any())
        return json_answer(stored.resource(call.base))

    async def multipart(self, call: Call, bucket: str) -> web.StreamResponse:
        self._storage.bucket(bucket)
        parts = _Parts(call.request)
        resource = json_object(await parts.first())
        content_type = await parts.content_type()
        upload = Upload.of(call, bucket, resource, content_type)
        self._storage.admit(call.access, upload.new)
        stored = await self._store(upload, parts.content())
        return json_answer(stored.resource(call.base))

    async def _store(self, upload: Upload, blocks: AsyncIterator[bytes]) -> StoredObject:
        draft = self._storage.bodies.draft()
        try:
            async for block in blocks:
                draft.write(block)
            body = draft.finish()
            upload.check(body)
        except BaseException:
            draft.discard()
            raise
        return self._storage.put(upload.new, body)


class _Parts:
    """Streaming reader of a multipart/related request with two parts; the second may be of any size."""

    def __init__(self, request: web.Request) -> None:
        header = Message()
        header["Content-Type"] = request.headers.get("Content-Type", "")
        boundary = header.get_param("boundary")
        if header.get_content_type() != "multipart/related" or not isinstance(boundary, str) or not boundary:
            raise invalid("The request is not multipart/related with a boundary")
        self._line = b"--" + boundary.encode("utf-8", "surrogateescape")
        self._blocks = request.content
        self._buffer = b""

    async def first(self) -> bytes:
        """The first part's content: the object's resource."""
        await self._until(self._line)
        await self._headers()
        return (await self._until(b"\r\n" + self._line))[: -len(self._line) - 2]

    async def content_type(self) -> str | None:
        """The second part's type."""
        return (await self._headers()).get("content-type")

    async def content(self) -> AsyncIterator[bytes]:
        """The second part's content. As the last part, it can contain the boundary only at its end."""
        end = b"\r\n" + self._line + b"--"
        held = self._buffer
        keep = len(end) + 4  # including the blank line behind it
        async for block in self._blocks.iter_any():
            held += block
            if len(held) > BLOCK_BYTES:
                yield held[:-keep]
                held = held[-keep:]
        found = held.rfind(end)
        if found < 0 or held[found + len(end) :].strip():
            raise invalid("The multipart request breaks off")
        if found:
            yield held[:found]

    async def _headers(self) -> Message:
        head = (await self._until(b"\r\n\r\n")).strip()
        message = Message()
        for line in head.decode("utf-8", "replace").split("\r\n"):
            name, _, value = line.partition(":")
            if value:
                message[name.strip()] = value.strip()
        return message

    async def _until(self, mark: bytes) -> bytes:
        while (found := self._buffer.find(mark)) < 0:
            if len(self._buffer) > MAX_JSON_BYTES:
                raise invalid("The multipart request's first part is too large")
            block = await self._blocks.readany()
            if not block:
                raise invalid("The multipart request breaks off")
            self._buffer += block
        end = found + len(mark)
        taken, self._buffer = self._buffer[:end], self._buffer[end:]
        return taken


def hash_header(request: web.Request) -> dict[str, str]:
    """Checksums in `x-goog-hash: crc32c=...,md5=...`. Raises: Refusal for an unknown kind."""
    hashes: dict[str, str] = {}
    for value in request.headers.getall("x-goog-hash", []):
        for entry in value.split(","):
            kind, _, digest = entry.strip().partition("=")
            if kind not in _HASH_FIELDS:
                raise Refusal(400, "invalid", f"Unknown hash {kind!r}", location=("header", "x-goog-hash"))
            hashes[_HASH_FIELDS[kind]] = digest
    return hashes
