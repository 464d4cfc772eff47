"""The cross-cloud protocol: envelopes, headers, sizes, the receiver's checks, as in docs/reference/protocol.md. No I/O.

Sender and receiver both import this module, so that they cannot disagree.
"""

from __future__ import annotations

import base64
import hmac
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

import orjson

from l3kit.errors import L3Error
from l3kit.tiering.format.chunks import (
    GZIP_SLICE,
    MAX_KEY_BYTES,
    RESERVED_PREFIX,
    Chunk,
    ChunkKey,
    is_reserved_device,
    parse_object_key,
)
from l3kit.tiering.receiver_limit import ReceiverLimit
from l3kit.tiering.tokens import Secret
from l3kit.tiering.transfer.payload import MAX_BODY_BYTES, Payload, encode

TOKEN_HEADER = "X-Inter-Cloud-Token"
IDEMPOTENCY_HEADER = "Idempotency-Key"

_UNFIT_KEY = re.compile(r"[\x00-\x1f\x7f]|(?:^|/)\.\.?(?:/|$)")


class Refusal(L3Error):
    """A 4xx response to a request. `field` is the invalid part of the request."""

    def __init__(self, status: int, cause: str, field: str = "body", **extra: object) -> None:
        super().__init__(field, cause)
        self.status = status
        self.extra = extra

    def response(self) -> Response:
        return Response(self.status, {"error": f"{self.resource}: {self.cause}", "field": self.resource, **self.extra})


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request from a cloud's entry point: header names in any case, the raw body.

    Attributes:
        query: the part of the address after the `?`, as sent.
    """

    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"
    query: str = ""

    def header(self, name: str) -> str | None:
        """The header's value, stripped; None if missing. Raises: Refusal if it occurs more than once."""
        found = [value for key, value in self.headers.items() if key.lower() == name.lower()]
        if len(found) > 1:
            raise Refusal(400, "the header occurs more than once", name)
        return found[0].strip() if found else None


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response: a status and a JSON object."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


# --- receiving ------------------------------------------------------------------------------------------------


def check_token(request: Request, token: Secret, *former: Secret) -> bool:
    """Return whether the request has the token or a former one.

    All are compared, each in constant time, so that the timing does not reveal which one matched. With a blank token
    nothing matches, whatever the former ones are.
    """
    try:
        given = request.header(TOKEN_HEADER)
    except Refusal:
        return False
    if not given or not token:
        return False
    sent = given.encode("utf-8", "surrogatepass")
    return sum(hmac.compare_digest(sent, valid.reveal().encode()) for valid in (token, *former) if valid) > 0


def plain_body(request: Request, limit: int = MAX_BODY_BYTES) -> bytes:
    """Decode the body's content encoding, holding at most `limit` bytes in memory.

    Raises: Refusal 413 beyond the limit, 415 for an unknown encoding, 400 for broken gzip.
    """
    encoding = (request.header("Content-Encoding") or "identity").lower()
    if encoding == "identity":
        if len(request.body) > limit:
            raise Refusal(413, f"larger than {limit} bytes")
        return request.body
    if encoding not in ("gzip", "x-gzip"):
        raise Refusal(415, f"{encoding[:40]!r} is not known; allowed are gzip and identity", "Content-Encoding")
    return _gunzip(request.body, limit)


def _gunzip(data: bytes, limit: int) -> bytes:
    blocks: list[bytes] = []
    room = limit + 1
    member = zlib.decompressobj(31)
    for start in range(0, len(data), GZIP_SLICE):
        rest = data[start : start + GZIP_SLICE]
        while rest:
            if member.eof:  # another member follows
                member = zlib.decompressobj(31)
            try:
                blocks.append(member.decompress(rest, room))
            except zlib.error as error:
                raise Refusal(400, f"is not valid gzip ({error})") from None
            room -= len(blocks[-1])
            if room <= 0:
                raise Refusal(413, f"unpacks to more than {limit} bytes")
            rest = member.unused_data
    if not member.eof:
        raise Refusal(400, "is not valid gzip (it ends too early)")
    return b"".join(blocks)


def check_length(key: str, field: str, limit: int = MAX_KEY_BYTES) -> None:
    """Raise Refusal 400 for a key longer than `limit` bytes."""
    if len(key.encode()) > limit:
        raise Refusal(400, f"makes an object key of more than {limit} bytes", field)


def check_idempotency_key(request: Request, *keys: str) -> None:
    """Raise Refusal 400 for an Idempotency-Key that is not one of these."""
    given = request.header(IDEMPOTENCY_HEADER)
    if given is not None and not {given, unquote(given)} & set(keys):
        raise Refusal(400, "is not the key that this request writes", IDEMPOTENCY_HEADER)


def key_fault(key: str) -> str | None:
    """The reason why this is not a valid object key on every cloud; None if it is."""
    if _UNFIT_KEY.search(key):
        return "must not hold control characters, nor `.` or `..` between slashes"
    chunk = parse_object_key(key)
    if chunk and is_reserved_device(chunk.device_id):
        return f"is a chunk's of the reserved device {chunk.device_id[:60]!r}"
    return f"must not begin with {RESERVED_PREFIX}" if key.startswith(RESERVED_PREFIX) else None


# --- sending --------------------------------------------------------------------------------------------------


def idempotency_key(key: str) -> str:
    """An object key as a header value: percent-encoded UTF-8."""
    return quote(key, safe="/:")


def chunk_pieces(chunk: Chunk, source_cloud: str, *, again: bool = False) -> tuple[bytes, bytes, bytes]:
    """A chunk's envelope in three pieces: before the items, the items, after the items.

    Args:
        again: the chunk may have been stored before and archived since.
    """
    more = {"again": True} if again else {}
    frame = _chunk_frame(chunk.key, source_cloud, sha256=chunk.sha256, **more)
    return frame + b',"items":', chunk.body, b"}"


def seal_pieces(key: ChunkKey, source_cloud: str) -> tuple[bytes, ...]:
    """The envelope that seals a key with an empty array."""
    return (_chunk_frame(key, source_cloud, seal=True) + b',"items":[]}',)


def look_pieces(key: ChunkKey, source_cloud: str) -> tuple[bytes, ...]:
    """The envelope that asks for a chunk's digest, stored or archived."""
    return (_chunk_frame(key, source_cloud, look=True) + b"}",)


def highest_pieces(device_id: str, source_cloud: str) -> tuple[bytes, ...]:
    """The envelope that asks for the highest number of a device's chunks."""
    return (orjson.dumps({"iot_device_id": device_id, "source_cloud": source_cloud, "highest": True}),)


def _chunk_frame(key: ChunkKey, source_cloud: str, **more: object) -> bytes:
    fields: dict[str, object] = {
        "iot_device_id": key.device_id,
        "chunk_index": key.number,
        "start_timestamp": key.start,
        "end_timestamp": key.end,
        "source_cloud": source_cloud,
        **more,
    }
    if key.compression != "none":
        fields["compression"] = key.compression
    return orjson.dumps(fields)[:-1]


@dataclass(frozen=True, slots=True)
class ArchivePart:
    """One POST to an archive writer: a whole object (`number` 1 of `total` 1), or a part of one.

    Attributes:
        data: the stored bytes; sent as text if they are UTF-8, else as base64.
        sha256: digest of the whole object's uncompressed content.
    """

    key: str
    data: bytes
    sha256: str
    number: int = 1
    total: int = 1
    content_encoding: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    def pieces(self, source_cloud: str, *, as_text: bool) -> tuple[bytes, ...]:
        """The envelope. Raises: UnicodeDecodeError if `as_text` and the data are not UTF-8."""
        fields: dict[str, object] = {
            "object_key": self.key,
            "data": self.data.decode() if as_text else base64.b64encode(self.data).decode(),
            "data_encoding": "utf-8" if as_text else "base64",
            "source_cloud": source_cloud,
            "is_multipart": self.total > 1,
            "part_number": self.number,
            "total_parts": self.total,
            "sha256": self.sha256,
        }
        if self.content_encoding:
            fields["content_encoding"] = self.content_encoding
        if self.metadata:
            fields["metadata"] = dict(self.metadata)
        return (orjson.dumps(fields),)

    def payload(self, source_cloud: str, limit: ReceiverLimit) -> Payload:
        """Encode as text if the data are UTF-8 and fit that way; else as base64."""
        if self.content_encoding is None:
            try:
                payload = encode(self.pieces(source_cloud, as_text=True), limit)
            except UnicodeDecodeError:
                pass
            else:
                if payload.fits(limit):
                    return payload
        return encode(self.pieces(source_cloud, as_text=False), limit)


def is_loopback(host: str) -> bool:
    """Return whether a url's host is this machine, where plain http is allowed."""
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
