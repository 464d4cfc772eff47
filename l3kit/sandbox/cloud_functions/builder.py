"""What Azure's remote build and Google's Cloud Build do with a zip: unpack it and install its requirements.txt."""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from filelock import FileLock

from l3kit.sandbox.cloud_functions.record import PYTHON, RefusedError
from l3kit.sandbox.node_install import cache_root

INSTALL_SECONDS = 600


def unpack(archive: zipfile.ZipFile, root: Path) -> None:
    """Unpack beside its place and rename, so that an interrupted one, or one of two at once, is never used.

    Raises: RefusedError.
    """
    root.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{root.name}.", dir=root.parent))
    try:
        archive.extractall(work)
        with contextlib.suppress(OSError):  # another deployment of the same code was quicker
            work.rename(root)
        if not root.is_dir():
            raise RefusedError("the zip cannot be unpacked")
    finally:
        shutil.rmtree(work, ignore_errors=True)


def build(root: Path, *, cache: Path | None = None) -> Path:
    """The folder with all that the unpacked zip's requirements.txt names; installed once for each content.

    Blocking. A folder is made beside its place and renamed into it, so that an interrupted one is never used.
    Raises: RefusedError with pip's last lines.
    """
    folder = (cache or cache_root()) / "function-builds"
    digest = hashlib.sha256(PYTHON.encode())
    for name in ("requirements.txt", "constraints.txt"):
        path = root / name
        digest.update(name.encode() + (path.read_bytes() if path.exists() else b""))
    target = folder / digest.hexdigest()[:20]
    if target.is_dir():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f"{target.name}.lock"):
        if not target.is_dir():
            work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=folder))
            try:
                _install(root, work)
                work.rename(target)
            finally:
                shutil.rmtree(work, ignore_errors=True)
    return target


def _install(root: Path, target: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    command += ["--only-binary=:all:", "--target", str(target), "-r", "requirements.txt"]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
        failure = done.stderr if done.returncode else ""
    except subprocess.TimeoutExpired:
        failure = f"pip took longer than {INSTALL_SECONDS} s"
    if failure:
        lines = re.sub(r"\S+://\S+", "<address>", failure).strip().splitlines()[-4:]
        raise RefusedError("the build failed: " + " / ".join(lines))
