"""The zip of a deployment: the service's checks of it, and unpacking."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

from l3kit.sandbox.functions.platform import Platform
from l3kit.sandbox.functions.record import RefusedError
from l3kit.sandbox.functions.shared_code import SharedCode, opened, outside


def unpack(platform: Platform, code: bytes, folder: Path, shared: SharedCode) -> None:
    """Unpack into `folder`, which is created; what other deployments have too is shared with them.

    Raises: RefusedError for a zip that is damaged or too large, lacks a needed file, or would write outside the
        folder.
    """
    if len(code) > (most := platform.limits.zip_bytes):
        raise RefusedError(f"the zip has {len(code):,} bytes; {most:,} are allowed on {platform.cloud}")
    try:
        with opened(code) as archive:
            _check(platform, archive)
            shared.unpack(code, archive, folder)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise RefusedError(f"the code is not a zip that can be unpacked: {error}") from None


def _check(platform: Platform, archive: zipfile.ZipFile) -> None:
    names = archive.namelist()
    if missing := [name for name in platform.files if name not in names]:
        raise RefusedError(f"the zip lacks {', '.join(missing)} at its top level")
    if (strange := outside(archive)) is not None:
        raise RefusedError(f"the zip holds a path outside of its root: {strange}")
    size = sum(entry.file_size for entry in archive.infolist())
    if size > (most := platform.limits.unpacked_bytes):
        raise RefusedError(f"the zip unpacks to {size:,} bytes; {most:,} are allowed on {platform.cloud}")
