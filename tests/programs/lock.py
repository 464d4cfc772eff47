"""Writes the lock files from pyproject.toml: `make lock`, or `python -m tests.programs.lock`.

Versions stay as constraints.txt has them; what is new in pyproject.toml gets its newest one. To change a version,
change or delete its line in constraints.txt first. The files with hashes name all packages that are installed, also
those that others need: pip refuses any that is not in such a file.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OLDEST_PYTHON = "3.11"
LOCKS = {
    "requirements.lock": ("dev",),
    "lambda_code/aws/requirements.lock": (),
    "lambda_code/azure/requirements.lock": ("azure-function",),
    "lambda_code/gcp/requirements.lock": ("gcp-function",),
}
"""Files with hashes, each with the extras that it locks beside l3kit's own dependencies."""
HASH = re.compile(r" \\\n    --hash=sha256:[0-9a-f]{64}")
_PINNED = re.compile(r"^([\w.-]+)==", re.MULTILINE)


def locked(extras: tuple[str, ...]) -> str:
    """Resolve for all platforms and versions of Python. Returns: the lines of a requirements file, with hashes."""
    uv = Path(sys.executable).with_name("uv")
    if not uv.exists():
        sys.exit(f"{uv} is missing: pip install uv")
    command = [str(uv), "pip", "compile", "--quiet", "--universal", "--python-version", OLDEST_PYTHON]
    command += ["--generate-hashes", "--no-annotate", "--no-header", "--constraints", "constraints.txt"]
    command += [*(f"--extra={extra}" for extra in extras), "pyproject.toml"]
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout


def packages(text: str) -> set[str]:
    """Return the packages that a lock pins. Some have a line for each version of Python, with a marker behind it."""
    return set(_PINNED.findall(text))


def main() -> None:
    for name, extras in LOCKS.items():
        text = locked(extras)
        (ROOT / name).write_text(text)
        if name == "requirements.lock":
            (ROOT / "constraints.txt").write_text(HASH.sub("", text))
        print(f"{name}: {len(packages(text))} packages", flush=True)


if __name__ == "__main__":
    main()
