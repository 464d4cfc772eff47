"""SHA-256 of an object's uncompressed content, computed while the stored bytes stream through, in bounded memory."""

from __future__ import annotations

import hashlib
import zlib

import zstandard

from l3kit.errors import StoreError
from l3kit.tiering.format.chunks import GZIP_SLICE

_BLOCK = 1024 * 1024
_ZSTD_SLICE = 512
"""Input bytes per step: zstd has no output limit here, and four bytes may expand to 128 KiB."""


def canonical_encoding(content_encoding: str | None) -> str | None:
    """Normalise a content encoding: lower case, `x-gzip` to `gzip`; None for `identity` and for none."""
    name = (content_encoding or "identity").lower()
    return {"identity": None, "x-gzip": "gzip"}.get(name, name)


class ContentDigest:
    """An incremental digest: call `update` with the stored bytes, then `hexdigest`.

    Attributes:
        size: uncompressed bytes so far.
    Args:
        content_encoding: `gzip` and `zstd`, in any case, are decompressed; with any other, or None, the digest is of
            the stored bytes.
        what: the object, for messages.
    """

    def __init__(self, content_encoding: str | None, what: str = "object") -> None:
        self._hash = hashlib.sha256()
        self._what = what
        self._encoding = canonical_encoding(content_encoding)
        self._gzip = zlib.decompressobj(31)
        self._zstd = zstandard.ZstdDecompressor().decompressobj()
        self.size = 0

    def update(self, data: bytes) -> None:
        """Add stored bytes. Raises: StoreError if they are not in the declared encoding."""
        try:
            if self._encoding == "gzip":
                self._update_gzip(data)
            elif self._encoding == "zstd":
                self._update_zstd(data)
            else:
                self._add(data)
        except (zlib.error, zstandard.ZstdError, EOFError) as error:
            raise self._broken(str(error)) from None

    def hexdigest(self) -> str:
        """Return the digest. Raises: StoreError if the compressed content is truncated."""
        ended = {"gzip": self._gzip.eof, "zstd": self._zstd.eof}.get(self._encoding or "", True)
        if not ended:
            raise self._broken("it ends too early")
        return self._hash.hexdigest()

    def _add(self, content: bytes) -> None:
        self._hash.update(content)
        self.size += len(content)

    def _update_gzip(self, data: bytes) -> None:
        for start in range(0, len(data), GZIP_SLICE):
            rest = data[start : start + GZIP_SLICE]
            while rest:
                if self._gzip.eof:  # another member follows
                    self._gzip = zlib.decompressobj(31)
                self._add(self._gzip.decompress(rest, _BLOCK))
                rest = self._gzip.unused_data if self._gzip.eof else self._gzip.unconsumed_tail

    def _update_zstd(self, data: bytes) -> None:
        for start in range(0, len(data), _ZSTD_SLICE):
            if self._zstd.eof:
                raise EOFError("bytes follow its end")
            self._add(self._zstd.decompress(data[start : start + _ZSTD_SLICE]))
            if self._zstd.unused_data:
                raise EOFError("bytes follow its end")

    def _broken(self, cause: str) -> StoreError:
        return StoreError(self._what, f"is not valid {self._encoding} ({cause})", "It is left as it is")
