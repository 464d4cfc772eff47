"""The SHA-256 of an object's uncompressed content, computed as the stored bytes stream by, in bounded memory."""

from __future__ import annotations

import hashlib
import zlib

import zstandard

from l3kit.errors import StoreError

_BLOCK = 1024 * 1024
_GZIP_SLICE = 16 * 1024
"""Bytes fed at once: zlib copies what follows a member's end, which must not be everything for every member."""
_ZSTD_SLICE = 512
"""Bytes fed at once: zstd has no output limit here, and four bytes of it may stand for 128 KiB."""


def canonical_encoding(content_encoding: str | None) -> str | None:
    """A content encoding as HTTP compares them: in lower case, `x-gzip` as `gzip`; None for `identity` and for none."""
    name = (content_encoding or "identity").lower()
    return {"identity": None, "x-gzip": "gzip"}.get(name, name)


class ContentDigest:
    """Feed the stored bytes, then ask.

    Args:
        content_encoding: `gzip` and `zstd`, in any case, are unpacked; under any other, or None, the bytes as stored
            count.
        what: the object, for messages.
    """

    def __init__(self, content_encoding: str | None, what: str = "object") -> None:
        self._hash = hashlib.sha256()
        self._what = what
        self._encoding = canonical_encoding(content_encoding)
        self._gzip = zlib.decompressobj(31)
        self._zstd = zstandard.ZstdDecompressor().decompressobj()
        self._fed = 0

    def update(self, data: bytes) -> None:
        """Raises: StoreError where the bytes are not of the declared encoding."""
        self._fed += len(data)
        try:
            if self._encoding == "gzip":
                self._update_gzip(data)
            elif self._encoding == "zstd":
                self._update_zstd(data)
            else:
                self._hash.update(data)
        except (zlib.error, zstandard.ZstdError, EOFError) as error:
            raise self._broken(str(error)) from None

    def hexdigest(self) -> str:
        """Raises: StoreError where the compressed content ends too early."""
        ended = {"gzip": self._gzip.eof, "zstd": self._zstd.eof}.get(self._encoding or "", True)
        if not ended:
            raise self._broken("it ends too early")
        return self._hash.hexdigest()

    def _update_gzip(self, data: bytes) -> None:
        for start in range(0, len(data), _GZIP_SLICE):
            rest = data[start : start + _GZIP_SLICE]
            while rest:
                if self._gzip.eof:  # another member follows
                    self._gzip = zlib.decompressobj(31)
                self._hash.update(self._gzip.decompress(rest, _BLOCK))
                rest = self._gzip.unused_data if self._gzip.eof else self._gzip.unconsumed_tail

    def _update_zstd(self, data: bytes) -> None:
        for start in range(0, len(data), _ZSTD_SLICE):
            if self._zstd.eof:
                raise EOFError("bytes follow its end")
            self._hash.update(self._zstd.decompress(data[start : start + _ZSTD_SLICE]))
            if self._zstd.unused_data:
                raise EOFError("bytes follow its end")

    def _broken(self, cause: str) -> StoreError:
        return StoreError(self._what, f"is not valid {self._encoding} ({cause})", "It is left as it is")
