"""Downloads: whole, a range, or decompressed if the object is stored as gzip and the client does not accept gzip."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from email.utils import formatdate
from typing import IO

from aiohttp import web

from l3kit.sandbox.gcp.storage.answers import Refusal
from l3kit.sandbox.gcp.storage.bodies import BLOCK_BYTES
from l3kit.sandbox.gcp.storage.calls import Call
from l3kit.sandbox.gcp.storage.objects import StoredObject

_RANGE = re.compile(r"bytes=(?P<first>\d*)-(?P<last>\d*)")
_HEADERS = {
    "cacheControl": "Cache-Control",
    "contentDisposition": "Content-Disposition",
    "contentLanguage": "Content-Language",
    "contentType": "Content-Type",
}
_GZIP_WINDOW = 31


async def send_content(call: Call, stored: StoredObject) -> web.StreamResponse:
    """Answer a request with `alt=media`. Raises: Refusal (416)."""
    headers = _headers(stored)
    if _unpacks(call.request, stored):
        # Decompressed content has no ranges: like the real service, send all of it.
        headers["Warning"] = "214 UploadServer gunzipped"
        with stored.body.path.open("rb") as file:
            return await _send(call.request, web.StreamResponse(headers=headers), _unpacked(file))
    if stored.fields.get("contentEncoding"):
        headers["Content-Encoding"] = stored.fields["contentEncoding"]
    size = stored.body.size
    wanted = _range(call.request.headers.get("Range", ""), size)
    first, end = wanted or (0, size)
    if wanted:
        headers["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
    response = web.StreamResponse(status=206 if wanted else 200, headers=headers)
    response.content_length = end - first
    with stored.body.path.open("rb") as file:
        file.seek(first)
        return await _send(call.request, response, _blocks(file, end - first))


async def _send(request: web.Request, response: web.StreamResponse, blocks: Iterator[bytes]) -> web.StreamResponse:
    await response.prepare(request)
    for block in blocks:
        await response.write(block)
    await response.write_eof()
    return response


def _headers(stored: StoredObject) -> dict[str, str]:
    headers = {
        "ETag": stored.etag,
        "Last-Modified": formatdate(stored.created, usegmt=True),
        "x-goog-generation": str(stored.generation),
        "x-goog-metageneration": "1",
        "x-goog-storage-class": stored.storage_class,
        "x-goog-hash": f"crc32c={stored.body.crc32c},md5={stored.body.md5}",
        "x-goog-stored-content-encoding": stored.fields.get("contentEncoding", "identity"),
        "x-goog-stored-content-length": str(stored.body.size),
        "Accept-Ranges": "bytes",
    }
    return headers | {header: stored.fields[name] for name, header in _HEADERS.items() if name in stored.fields}


def _unpacks(request: web.Request, stored: StoredObject) -> bool:
    if stored.fields.get("contentEncoding") != "gzip" or "no-transform" in stored.fields.get("cacheControl", ""):
        return False
    for entry in request.headers.get("Accept-Encoding", "").lower().split(","):
        name, _, weight = entry.partition(";")
        if name.strip() in ("gzip", "x-gzip", "*"):
            return weight.replace(" ", "") in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return True


def _range(text: str, size: int) -> tuple[int, int] | None:
    """First byte and end (exclusive) of the requested range; None without a valid single range."""
    found = _RANGE.fullmatch(text.strip())
    if found is None or not (found["first"] or found["last"]):
        return None
    if not found["first"]:
        first, end = max(0, size - int(found["last"])), size
    else:
        first, end = int(found["first"]), min(size, int(found["last"]) + 1) if found["last"] else size
        if found["last"] and int(found["last"]) < first:
            return None
    if first >= size or first == end:
        raise Refusal(
            416,
            "requestedRangeNotSatisfiable",
            "The requested range cannot be satisfied.",
            headers={"Content-Range": f"bytes */{size}"},
        )
    return first, end


def _blocks(file: IO[bytes], length: int) -> Iterator[bytes]:
    while length > 0 and (block := file.read(min(BLOCK_BYTES, length))):
        length -= len(block)
        yield block


def _unpacked(file: IO[bytes]) -> Iterator[bytes]:
    """Decompress a gzip file of one or more members; invalid gzip data truncates the answer."""
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    while block := file.read(BLOCK_BYTES):
        while block:
            yield unpacker.decompress(block)
            block = unpacker.unused_data
            if unpacker.eof:
                unpacker = zlib.decompressobj(_GZIP_WINDOW)
