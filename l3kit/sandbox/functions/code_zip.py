"""The zip of a deployment: the service's checks of it, and unpacking."""

from __future__ import annotations

import zipfile
import zlib
from io import BytesIO
from pathlib import Path, PurePosixPath

from l3kit.sandbox.functions.record import RefusedError

MAX_ZIP_BYTES = {"azure": 1024**3, "gcp": 100 * 1024**2}
"""Maximum size of an Azure Functions deployment package, and of a Google Cloud function's source."""
MAX_UNPACKED_BYTES = {"azure": 1024**3, "gcp": 500 * 1024**2}
"""The sandbox's own limit for Azure, which documents none; Google Cloud's for a function's source with its modules."""
FILES = {
    "azure": ("function_app.py", "host.json", "requirements.txt"),
    "gcp": ("main.py", "requirements.txt"),
}


def unpack(cloud: str, code: bytes, folder: Path) -> None:
    """Unpack into `folder`, which is created.

    Raises: RefusedError for a zip that is damaged or too large, lacks a needed file, or would write outside the
        folder.
    """
    if len(code) > MAX_ZIP_BYTES[cloud]:
        raise RefusedError(f"the zip has {len(code):,} bytes; {MAX_ZIP_BYTES[cloud]:,} are allowed on {cloud}")
    try:
        with zipfile.ZipFile(BytesIO(code)) as archive:
            _check(cloud, archive)
            archive.extractall(folder)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise RefusedError(f"the code is no zip that can be unpacked: {error}") from None


def _check(cloud: str, archive: zipfile.ZipFile) -> None:
    names = archive.namelist()
    if missing := [name for name in FILES[cloud] if name not in names]:
        raise RefusedError(f"the zip lacks {', '.join(missing)} at its top level")
    if strange := [name for name in names if name.startswith("/") or ".." in PurePosixPath(name).parts]:
        raise RefusedError(f"the zip holds a path outside of its root: {strange[0]}")
    size = sum(entry.file_size for entry in archive.infolist())
    if size > MAX_UNPACKED_BYTES[cloud]:
        raise RefusedError(f"the zip unpacks to {size:,} bytes; {MAX_UNPACKED_BYTES[cloud]:,} are allowed on {cloud}")
