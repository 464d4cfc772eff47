"""The zip of a deployment: the service's checks of it, and unpacking."""

from __future__ import annotations

import zipfile
import zlib
from io import BytesIO
from pathlib import Path, PurePosixPath

from l3kit.sandbox.functions.platform import Platform
from l3kit.sandbox.functions.record import RefusedError


def unpack(platform: Platform, code: bytes, folder: Path) -> None:
    """Unpack into `folder`, which is created.

    Raises: RefusedError for a zip that is damaged or too large, lacks a needed file, or would write outside the
        folder.
    """
    if len(code) > (most := platform.limits.zip_bytes):
        raise RefusedError(f"the zip has {len(code):,} bytes; {most:,} are allowed on {platform.cloud}")
    try:
        with zipfile.ZipFile(BytesIO(code)) as archive:
            _check(platform, archive)
            archive.extractall(folder)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise RefusedError(f"the code is not a zip that can be unpacked: {error}") from None


def _check(platform: Platform, archive: zipfile.ZipFile) -> None:
    names = archive.namelist()
    if missing := [name for name in platform.files if name not in names]:
        raise RefusedError(f"the zip lacks {', '.join(missing)} at its top level")
    if strange := [name for name in names if name.startswith("/") or ".." in PurePosixPath(name).parts]:
        raise RefusedError(f"the zip holds a path outside of its root: {strange[0]}")
    size = sum(entry.file_size for entry in archive.infolist())
    if size > (most := platform.limits.unpacked_bytes):
        raise RefusedError(f"the zip unpacks to {size:,} bytes; {most:,} are allowed on {platform.cloud}")
