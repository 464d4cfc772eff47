"""The remote build of a zip: installing its requirements.txt."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from filelock import FileLock

from l3kit.sandbox.functions.record import PYTHON, RefusedError
from l3kit.sandbox.node_install import cache_root
from l3kit.sandbox.shell import installer_environment

INSTALL_SECONDS = 600
CONSTRAINTS = "constraints.txt"
_OTHER_FILE = re.compile(r"-r|--requirement|-e|--editable|file:|\.{0,2}/|[^:]+\.whl|[^#]+@\s*file:")
_CONSTRAINT = re.compile(r"(?:-c|--constraint)[\s=]*(.*)")
_STEERED = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_REQUIREMENT", "PIP_CONSTRAINT", "PYTHONPATH")
"""The developer's variables that would change what is installed, or where."""


def build(root: Path, *, cache: Path | None = None) -> Path:
    """Return the folder with the installed requirements of an unpacked zip; each set of requirements is installed once.

    Blocking. The folder is made next to its final place and renamed, so an interrupted installation is never used.
    Raises: RefusedError with pip's last lines, or for requirements that refer to other files.
    """
    _check((root / "requirements.txt").read_text("utf-8", "replace"))
    folder = (cache or cache_root()) / "function-builds"
    digest = hashlib.sha256(PYTHON.encode())
    for name in ("requirements.txt", CONSTRAINTS):
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


def _check(requirements: str) -> None:
    for line in requirements.splitlines():
        text = line.strip()
        constraint = _CONSTRAINT.fullmatch(text)
        if _OTHER_FILE.match(text) or (constraint and constraint[1].strip() != CONSTRAINTS):
            raise RefusedError(
                f"requirements.txt says {text!r}; the sandbox's builder reads it and {CONSTRAINTS} alone"
            )


def _install(root: Path, target: Path) -> None:
    # -P: the zip's own modules are no part of pip. Modules are compiled by the first function that imports them.
    command = [sys.executable, "-P", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--no-compile", "--only-binary=:all:", "--target", str(target), "-r", "requirements.txt"]
    environment = {name: value for name, value in installer_environment().items() if name not in _STEERED}
    try:
        done = subprocess.run(
            command,
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
        failure = (done.stderr or "pip said nothing") if done.returncode else ""
    except subprocess.TimeoutExpired:
        failure = f"pip took longer than {INSTALL_SECONDS} s"
    if failure:
        lines = without_addresses(failure).strip().splitlines()[-4:]
        raise RefusedError("the build failed: " + " / ".join(lines))


def without_addresses(text: str) -> str:
    """Return pip's output without the address of its index, which may hold a password."""
    return re.sub(r"host='[^']*'", "host=<address>", re.sub(r"\S+://\S+", "<address>", text))
