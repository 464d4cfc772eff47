"""Unpack the zips of functions; folders with the same content are on disk once."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import stat
import threading
import uuid
import zipfile
from collections import defaultdict
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path, PurePosixPath

from l3kit.sandbox.functions.compiled_files import adopt_compiled

_LOCAL_HEADER = 30
"""Bytes of an entry's local header before its name."""


class SharedCode:
    """The code of a sandbox's deployments.

    The folders at the top of a zip, most of them packages, are the same in many functions and in each redeployment. So
    a deployment's root has links to them, and its files at the top. Each folder is unpacked once, with the compiled
    files of modules that are installed here too; others are compiled once, by the first function that imports them. It
    is removed with the last deployment that has it.

    The files of shared folders are read-only. The folders are not: Python keeps there what it compiled, replacing whole
    files. What a function writes into its root stays its own.

    Args:
        folder: for the shared folders; no one else writes there. The name of no function begins with a dot, so it is
            beside theirs, and goes with them when the sandbox ends.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._users: defaultdict[str, set[Path]] = defaultdict(set)
        self._lock = threading.Lock()

    def unpack(self, code: bytes, archive: zipfile.ZipFile, root: Path) -> None:
        """Unpack an archive into a new folder `root`, which appears whole or not at all. Blocking.

        Args:
            code: the archive's bytes.
        Raises: what reading a zip raises; OSError.
        """
        work = root.with_name("unpacking")
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        try:
            for name, entries in _by_top_folder(archive).items():
                if name:
                    (work / name).symlink_to(self._shared(code, archive, entries, root), target_is_directory=True)
                else:
                    _extract(archive, entries, work)
            work.rename(root)
        except BaseException:
            self.remove(work, root)
            raise

    def remove(self, *folders: Path) -> None:
        """Remove what deployments have in these folders, and what no other deployment shares with them. Blocking."""
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        with self._lock:
            for digest, users in list(self._users.items()):
                users -= {root for root in users if any(root.is_relative_to(folder) for folder in folders)}
                if not users:
                    del self._users[digest]
                    self._discard(digest)

    def _discard(self, digest: str) -> None:
        """Remove a shared folder; renamed first, since one that is removed by half must serve nobody."""
        removed = self._folder / f".{digest}.{uuid.uuid4().hex}"
        with contextlib.suppress(OSError):
            (self._folder / digest).rename(removed)
        shutil.rmtree(removed, ignore_errors=True)

    def _shared(self, code: bytes, archive: zipfile.ZipFile, entries: Sequence[zipfile.ZipInfo], root: Path) -> Path:
        """Return the folder of these entries, unpacked unless another deployment has it."""
        digest = _digest(code, entries)
        name = PurePosixPath(entries[0].filename).parts[0]
        with self._lock:
            self._users[digest].add(root)
            if not (self._folder / digest).is_dir():
                work = self._folder / f".{digest}.{uuid.uuid4().hex}"
                try:
                    _extract(archive, entries, work, writable=False)
                    adopt_compiled(work)
                    work.rename(self._folder / digest)
                except BaseException:
                    shutil.rmtree(work, ignore_errors=True)
                    raise
        return (self._folder / digest / name).resolve()


def opened(code: bytes) -> zipfile.ZipFile:
    """Return the zip of these bytes. Raises: zipfile.BadZipFile."""
    return zipfile.ZipFile(BytesIO(code))


def outside(archive: zipfile.ZipFile) -> str | None:
    """Return the first name in an archive that leads outside of its root; None if there is none."""
    return next((n for n in archive.namelist() if n.startswith("/") or ".." in PurePosixPath(n).parts), None)


def _by_top_folder(archive: zipfile.ZipFile) -> dict[str, list[zipfile.ZipInfo]]:
    """Group the entries by the folder at the top that they are in; those in none are under an empty name."""
    found: dict[str, list[zipfile.ZipInfo]] = {}
    for entry in archive.infolist():
        parts = PurePosixPath(entry.filename).parts
        found.setdefault(parts[0] if len(parts) > 1 or (parts and entry.is_dir()) else "", []).append(entry)
    return found


def _digest(code: bytes, entries: Sequence[zipfile.ZipInfo]) -> str:
    """Return a digest of all that decides what unpacking makes of these entries; nothing is decompressed for it."""
    digest = hashlib.sha256()
    for entry in entries:
        sizes = (entry.compress_size, entry.file_size, entry.CRC)
        shown = (entry.filename, entry.external_attr, entry.compress_type, entry.flag_bits, *sizes)
        start = entry.header_offset
        lengths = code[start + _LOCAL_HEADER - 4 : start + _LOCAL_HEADER]
        variable = int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little")
        digest.update(repr(shown).encode())
        digest.update(memoryview(code)[start : start + _LOCAL_HEADER + variable + entry.compress_size])
    return digest.hexdigest()


def _extract(
    archive: zipfile.ZipFile, entries: Sequence[zipfile.ZipInfo], folder: Path, *, writable: bool = True
) -> None:
    """Extract the entries for the user alone, executable if they are in the zip."""
    files = {}
    for entry in entries:
        path = Path(archive.extract(entry, folder))
        if not entry.is_dir():
            executable = entry.external_attr >> 16 & stat.S_IXUSR
            files[path] = executable | stat.S_IRUSR | (stat.S_IWUSR if writable else 0)
    for path, mode in files.items():  # at the end: a name may be there twice
        path.chmod(mode)
