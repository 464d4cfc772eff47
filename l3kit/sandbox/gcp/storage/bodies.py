"""Objects' contents as immutable files, with the checksums that Cloud Storage keeps."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import uuid
from dataclasses import dataclass, replace
from pathlib import Path

import google_crc32c

BLOCK_BYTES = 256 * 1024
_SUFFIX = ".body"


@dataclass(frozen=True)
class Body:
    """A complete content with its checksums in base64."""

    path: Path
    size: int
    crc32c: str
    md5: str


class Draft:
    """A content that is being received; invisible until `finish`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("xb", buffering=0)
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._crc = 0
        self.size = 0

    def write(self, block: bytes) -> None:
        self._file.write(block)
        self._md5.update(block)
        self._crc = google_crc32c.extend(self._crc, block)
        self.size += len(block)

    def checked(self) -> Body:
        """The content received so far as a body."""
        crc = base64.b64encode(self._crc.to_bytes(4, "big")).decode()
        return Body(self._path, self.size, crc, base64.b64encode(self._md5.digest()).decode())

    def finish(self) -> Body:
        self._file.close()
        return self.checked()

    def discard(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)


class Bodies:
    """The content files in one folder. Files left by an earlier server belong to no object and are removed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(f"*{_SUFFIX}"):
            left.unlink()

    def draft(self) -> Draft:
        return Draft(self._path())

    def linked(self, body: Body) -> Body:
        """A hard link to the same content, without copying bytes."""
        path = self._path()
        os.link(body.path, path)
        return replace(body, path=path)

    def remove(self, body: Body) -> None:
        """Remove a body; downloads in progress have the file open and continue."""
        with contextlib.suppress(FileNotFoundError):
            body.path.unlink()

    def _path(self) -> Path:
        return self._folder / f"{uuid.uuid4().hex}{_SUFFIX}"
