"""Package a function as a zip: entry point, reachable modules of l3kit, pinned dependencies for the target platform.

The same input gives the same bytes: dependencies first, sorted names, fixed times and modes, no machine-specific
files.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from l3kit.errors import ProvisioningError
from l3kit.files import os_errors_reported
from l3kit.packaging.bare import bare
from l3kit.packaging.reachable import reachable
from l3kit.packaging.shipped import PACKAGE, shipped
from l3kit.providers import provider as cloud_named
from l3kit.tiering.settings.late_modules import all_late_modules, late_modules_of

EPOCH = (1980, 1, 1, 0, 0, 0)
MAX_ZIP_BYTES = 50 * 1024 * 1024
"""Lambda's limit for a zip uploaded directly."""
UNUSED = ("zstandard/_cffi",)
"""Large parts of dependencies that CPython never loads: zstandard's second backend."""
PLATFORMS = {
    "x86_64": ("manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64"),
    "arm64": ("manylinux2014_aarch64", "manylinux_2_17_aarch64", "manylinux_2_28_aarch64"),
}

INCOMPLETE = "Install l3kit again, or deploy from a complete checkout"
OTHER_FILE = "Nothing of it is used. Find out why pip's index or cache has another file than l3kit was released with"
_OTHER_HASH = re.compile(r"DO NOT MATCH THE HASHES.*?^\s+(\S+) from ", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Runtime:
    """Runtime of the function: Python as `3.13`, architecture `x86_64` or `arm64`."""

    python: str
    architecture: str


def pack(provider: str, function: str, runtime: Runtime, files: Mapping[str, bytes] | None = None) -> bytes:
    """Build a function's zip.

    Args:
        files: further files at its top level, e.g. the twin's info if it does not fit into the variables.
    Raises: ProvisioningError if dependencies are unavailable for the runtime or are not those of the lock file, or the
        zip is too large.
    """
    own = packed_sources(provider, function) | dict(files or {})
    folder = dependencies(runtime, lock_of(provider))
    digest = hashlib.sha256(str(folder).encode())
    for name in sorted(own):
        digest.update(f"{name}\0{len(own[name])}\0".encode() + own[name])
    key = digest.digest()
    if key not in _packed:
        _packed[key] = _checked(function, write_zip(own, _zipped_dependencies(folder)))
    return _packed[key]


_packed: dict[bytes, bytes] = {}
"""Zips built by this process, by a digest of their contents: a plan compares each function several times."""


def _checked(function: str, data: bytes) -> bytes:
    if len(data) > MAX_ZIP_BYTES:
        raise ProvisioningError(
            f"function {function}", f"its zip has {len(data):,} bytes, {MAX_ZIP_BYTES:,} are allowed", "Report this"
        )
    return data


def write_zip(content: Mapping[str, bytes], begun: bytes = b"") -> bytes:
    """Build a zip of these files, after those of the zip `begun`."""
    buffer = io.BytesIO(begun)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(content):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = (0o755 if name.endswith(".so") else 0o644) << 16
            archive.writestr(entry, content[name])
    return buffer.getvalue()


@cache
def _zipped_dependencies(folder: Path) -> bytes:
    """Zip a folder of dependencies, once for all functions and processes, since compression takes most of the time.

    The zip is cached next to the folder, under a name that changes with this module, which defines its contents and
    format. If it cannot be written there, it is only compressed again each time.
    """
    rules = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:20]
    kept = folder.with_name(f"{folder.name}.{rules}.zip")
    with contextlib.suppress(OSError):
        return kept.read_bytes()
    data = write_zip({name: path.read_bytes() for name, path in _files(folder)})
    with contextlib.suppress(OSError), tempfile.NamedTemporaryFile(dir=kept.parent, prefix=".zip.") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
        os.link(file.name, kept)
    return data


def lock_of(provider: str) -> Path:
    """Return the lock file of a cloud's functions, with versions and hashes. Raises: ProvisioningError."""
    name = f"lambda_code/{provider}/requirements.lock"
    path = shipped("lambda_code") / provider / "requirements.lock"
    if not path.is_file():
        raise ProvisioningError(name, "is missing", INCOMPLETE)
    return path


def dependencies(runtime: Runtime, lock: Path, cache: Path | None = None) -> Path:
    """Return the folder with the locked dependencies for that runtime; downloaded and checked once, then cached.

    Raises: ProvisioningError if a file's hash is not in the lock, otherwise with pip's last lines; ConfigurationError
        if the cache cannot be written.
    """
    key = hashlib.sha256(repr((runtime.python, runtime.architecture)).encode() + lock.read_bytes()).hexdigest()[:20]
    folder = (cache or _cache()) / key
    with os_errors_reported(f"cache {folder.parent}", remedy="XDG_CACHE_HOME names its place"):
        _fill(folder, lock, runtime)
    return folder


def _fill(folder: Path, lock: Path, runtime: Runtime) -> None:
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
        try:
            _download(lock, runtime, work)
            work.rename(folder)
        except OSError:
            if not folder.is_dir():  # otherwise another process was faster
                raise
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _download(lock: Path, runtime: Runtime, target: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    command += ["--only-binary=:all:", "--implementation", "cp", "--python-version", runtime.python]
    command += ["--require-hashes", "--requirement", str(lock), "--target", str(target)]
    for platform in PLATFORMS[runtime.architecture]:
        command += ["--platform", platform]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        what = f"dependencies for Python {runtime.python} on {runtime.architecture}"
        if refused := _OTHER_HASH.search(done.stderr):
            cause = f"the package index gave a file of {refused[1]} whose hash is not in the lock file"
            raise ProvisioningError(what, cause, OTHER_FILE)
        tail = " / ".join(_without_addresses(done.stderr).strip().splitlines()[-3:])
        remedy = "Check that a package registry is reachable; later runs use the cache"
        raise ProvisioningError(what, f"pip failed: {tail}", remedy)


def _without_addresses(text: str) -> str:
    return re.sub(r"\S+://\S+", "<address>", text)


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "l3kit" / "dependencies"


def packed_sources(provider: str, function: str) -> dict[str, bytes]:
    """Return the function's own code as its zip has it, by the names in the zip. Raises: ProvisioningError."""
    return {name: bare(path.read_bytes()) for name, path in sources(provider, function)}


def sources(provider: str, function: str, package: Path = PACKAGE) -> Iterator[tuple[str, Path]]:
    """Map names in the zip to paths, for the entry point and its reachable modules. Raises: ProvisioningError."""
    entry = shipped("lambda_code") / provider / function
    if not entry.is_dir():
        raise ProvisioningError(
            f"function {function}",
            f"lambda_code/{provider}/{function} is missing",
            INCOMPLETE,
        )
    files = sorted(entry.rglob("*.py"))
    yield from ((str(path.relative_to(entry)), path) for path in files)
    late = cloud_named(provider).late_modules
    modules = reachable(files, late_modules_of(function, late), all_late_modules(late), package)
    yield from ((f"{PACKAGE.name}/{path.relative_to(package)}", path) for path in modules)


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        dropped = name.parts[0] == "bin" or name.parts[0].endswith(".dist-info") or "__pycache__" in name.parts
        dropped = dropped or path.suffix == ".pyi" or str(name).startswith(UNUSED)
        if path.is_file() and not dropped:
            yield str(name), path
