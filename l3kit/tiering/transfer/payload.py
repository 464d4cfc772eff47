"""What a body weighs at its receiver, and the choice between plain JSON and gzip that follows from it."""

from __future__ import annotations

import gzip
import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

RECEIVER_LIMITS: Mapping[str, int] = {"aws": 6_291_556, "azure": 100_000_000, "gcp": 32_000_000}
"""Bytes a request may have; on AWS it is the event that counts, not the body."""
MAX_BODY_BYTES = 16 * 1024 * 1024
"""A body as plain JSON: what a receiver unpacks at most, on every cloud."""

_EVENT_FRAME = 5120
"""What an event holds beside the body: request context and Lambda's own headers (about 1,100 bytes), ours (the
percent-encoded key has at most 3,072)."""
CHUNK_FRAME = 4096
"""More than a chunk's envelope without its items: the key's parts are at most 1,024 bytes, or 6 times that escaped."""
_GZIP_FROM = 1024
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"
_LAST_BLOCK = b"\x03\x00"
_JSON = {"Content-Type": "application/json"}
# Lambda hands `application/json` over as text whatever its encoding; only an octet stream is sure to arrive as base64.
_GZIP = {"Content-Type": "application/octet-stream", "Content-Encoding": "gzip"}


@dataclass(frozen=True, slots=True)
class Payload:
    """A body ready to be sent, plain or gzip, with its headers.

    Attributes:
        plain_bytes: what the receiver unpacks.
        weight: what the receiver's limit counts.
    """

    body: bytes
    headers: Mapping[str, str]
    plain_bytes: int
    weight: int

    def fits(self, provider: str) -> bool:
        return self.plain_bytes <= MAX_BODY_BYTES and self.weight <= RECEIVER_LIMITS[provider]


def encode(pieces: Sequence[bytes], provider: str, packed: Mapping[int, bytes] | None = None) -> Payload:
    """Choose plain JSON or gzip, whichever weighs less for this receiver.

    Args:
        pieces: the body, in pieces.
        packed: pieces that `deflate` has been applied to already, by their position.
    """
    size = sum(map(len, pieces))
    if size < _GZIP_FROM:
        return _payload(b"".join(pieces), _JSON, size, provider)
    zipped = _gzip(pieces, packed or {})
    candidate = _payload(zipped, _GZIP, size, provider)
    if candidate.weight <= size:
        return candidate
    plain = _payload(b"".join(pieces), _JSON, size, provider)
    return plain if plain.weight <= candidate.weight else candidate


def plain(payload: Payload, provider: str) -> Payload:
    """The same body as plain JSON, for a receiver that takes no gzip."""
    if "Content-Encoding" not in payload.headers:
        return payload
    return _payload(gzip.decompress(payload.body), _JSON, payload.plain_bytes, provider)


def _payload(body: bytes, headers: Mapping[str, str], plain_bytes: int, provider: str) -> Payload:
    weight = event_size(body, headers) if provider == "aws" else len(body)
    return Payload(body, headers, plain_bytes, weight)


def event_size(body: bytes, headers: Mapping[str, str]) -> int:
    """Bytes of the event that a Lambda Function URL makes of a request; never less than it really is.

    Text is escaped as JSON (to ASCII, the worst case); anything else, compressed bodies included, becomes base64.
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


def surely_fits(items_bytes: int, provider: str) -> bool:
    """Whether a chunk of that size fits without looking at it: even data that cannot be compressed would."""
    size = items_bytes + CHUNK_FRAME
    stored = size + 5 * (size // 16_000 + 3) + 64  # deflate falls back to stored blocks
    return size <= MAX_BODY_BYTES and _packed_weight(stored, provider) <= RECEIVER_LIMITS[provider]


def chunk_fits(items: bytes, packed: bytes, provider: str) -> bool:
    """Whether a chunk with these items fits, given `deflate(items)`."""
    if len(items) + CHUNK_FRAME > MAX_BODY_BYTES:
        return False
    limit = RECEIVER_LIMITS[provider]
    if _packed_weight(len(packed) + CHUNK_FRAME, provider) <= limit:
        return True
    plain = event_size(items, _JSON) if provider == "aws" else len(items)
    return plain + 2 * CHUNK_FRAME <= limit


def _packed_weight(count: int, provider: str) -> int:
    return _EVENT_FRAME + 256 + _base64_size(count) if provider == "aws" else count


def deflate(piece: bytes) -> bytes:
    """A piece of a body, compressed by itself: to become part of a gzip body whose other pieces are not known yet."""
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
