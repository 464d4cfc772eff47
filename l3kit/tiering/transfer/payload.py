"""Size of a request body as counted by its receiver, and the resulting choice between plain JSON and gzip."""

from __future__ import annotations

import gzip
import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from l3kit.tiering.receiver_limit import ReceiverLimit

MAX_BODY_BYTES = 16 * 1024 * 1024
"""Limit for a body as plain JSON: receivers on every cloud stop decompressing there."""

_EVENT_FRAME = 5120
"""Bytes of an event besides the body.

They are the request context and Lambda's own headers (about 1,100 bytes), and l3kit's headers (the percent-encoded key
has at most 3,072).
"""
CHUNK_FRAME = 4096
"""Upper bound of a chunk's envelope without items: key parts are at most 1,024 bytes, or 6 times that escaped."""
_GZIP_FROM = 1024
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"
_LAST_BLOCK = b"\x03\x00"
_JSON = {"Content-Type": "application/json"}
# Lambda passes `application/json` as text regardless of its encoding; only an octet stream always arrives as base64.
_GZIP = {"Content-Type": "application/octet-stream", "Content-Encoding": "gzip"}


@dataclass(frozen=True, slots=True)
class Payload:
    """A body ready to be sent, plain or gzip, with its headers.

    Attributes:
        plain_bytes: size after decompression.
        weight: size as counted by the receiver's limit.
    """

    body: bytes
    headers: Mapping[str, str]
    plain_bytes: int
    weight: int

    def fits(self, limit: ReceiverLimit) -> bool:
        return self.plain_bytes <= MAX_BODY_BYTES and self.weight <= limit.max_bytes


def encode(pieces: Sequence[bytes], limit: ReceiverLimit, packed: Mapping[int, bytes] | None = None) -> Payload:
    """Encode as plain JSON or gzip, whichever has the lower weight for this receiver.

    Args:
        pieces: the body, in pieces.
        packed: results of `deflate` for some pieces, by position.
    """
    size = sum(map(len, pieces))
    if size < _GZIP_FROM:
        return _payload(b"".join(pieces), _JSON, size, limit)
    zipped = _gzip(pieces, packed or {})
    candidate = _payload(zipped, _GZIP, size, limit)
    if candidate.weight <= size:
        return candidate
    plain = _payload(b"".join(pieces), _JSON, size, limit)
    return plain if plain.weight <= candidate.weight else candidate


def plain(payload: Payload, limit: ReceiverLimit) -> Payload:
    """The same body as plain JSON, for a receiver that does not accept gzip."""
    if "Content-Encoding" not in payload.headers:
        return payload
    return _payload(gzip.decompress(payload.body), _JSON, payload.plain_bytes, limit)


def _payload(body: bytes, headers: Mapping[str, str], plain_bytes: int, limit: ReceiverLimit) -> Payload:
    weight = event_size(body, headers) if limit.counts == "event" else len(body)
    return Payload(body, headers, plain_bytes, weight)


def event_size(body: bytes, headers: Mapping[str, str]) -> int:
    """Upper bound of the event that a Lambda Function URL builds from a request, in bytes.

    Text is escaped as JSON (to ASCII, the worst case); anything else, including compressed bodies, becomes base64.
    """
    names = {name.lower(): value for name, value in headers.items()}
    frame = _EVENT_FRAME + len(json.dumps(names))
    is_text = names.get("content-type", "").startswith(("application/json", "text/"))
    if is_text and "content-encoding" not in names:
        try:
            return frame + len(json.dumps(body.decode()))
        except UnicodeDecodeError:
            pass
    return frame + _base64_size(len(body))


def _base64_size(count: int) -> int:
    return 4 * -(-count // 3)


def certainly_fits(items_bytes: int, limit: ReceiverLimit) -> bool:
    """Return whether a chunk of this size fits whatever it contains, even if it cannot be compressed."""
    size = items_bytes + CHUNK_FRAME
    stored = size + 5 * (size // 16_000 + 3) + 64  # deflate falls back to stored blocks
    return size <= MAX_BODY_BYTES and _packed_weight(stored, limit) <= limit.max_bytes


def chunk_fits(items: bytes, packed: bytes, limit: ReceiverLimit) -> bool:
    """Return whether a chunk with these items fits, given `deflate(items)`."""
    if len(items) + CHUNK_FRAME > MAX_BODY_BYTES:
        return False
    if _packed_weight(len(packed) + CHUNK_FRAME, limit) <= limit.max_bytes:
        return True
    plain = event_size(items, _JSON) if limit.counts == "event" else len(items)
    return plain + 2 * CHUNK_FRAME <= limit.max_bytes


def _packed_weight(count: int, limit: ReceiverLimit) -> int:
    return _EVENT_FRAME + 256 + _base64_size(count) if limit.counts == "event" else count


def deflate(piece: bytes) -> bytes:
    """Compress one piece of a body separately, for a gzip body whose other pieces are not known yet."""
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    return packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)


def _gzip(pieces: Sequence[bytes], packed: Mapping[int, bytes]) -> bytes:
    crc = size = 0
    blocks = [_GZIP_HEADER]
    for index, piece in enumerate(pieces):
        crc = zlib.crc32(piece, crc)
        size += len(piece)
        blocks.append(packed.get(index) or deflate(piece))
    return b"".join([*blocks, _LAST_BLOCK, struct.pack("<II", crc, size & 0xFFFFFFFF)])
