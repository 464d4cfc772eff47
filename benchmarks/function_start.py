"""CPU time that a function's code takes to load, and the size of its own part of the zip:
`python -m benchmarks.function_start`.

Only the packed files and the installed dependencies are on the path, as in the cloud. All functions of a cloud load the
same modules, so one of each cloud is measured.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from l3kit.packaging.wheels import sources
from l3kit.providers import BUILT_IN

FUNCTION = "hot-to-cold-mover"
ENTRY = {"aws": "lambda_function.py", "azure": "function_app.py", "gcp": "main.py"}
"""The file in which each cloud's runtime looks for the function."""
LOAD = """
import ast, resource, sys
for node in ast.parse(open(sys.argv[1]).read()).body:
    if isinstance(node, ast.ImportFrom):
        __import__(node.module)
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime, len(sys.modules))
"""
"""Loads what the entry point imports, without calling it: it would ask for the variables of a deployment."""


def unpack(provider: str, function: str, folder: Path) -> int:
    """Lay out a function's own files as its zip does. Returns: their compressed bytes."""
    packed = folder.with_suffix(".zip")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, path in sources(provider, function):
            archive.write(path, name)
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(folder)
    return packed.stat().st_size


def load(folder: Path, entry: str) -> tuple[float, int]:
    """Start a process that loads the function. Returns: its CPU time in ms, and the number of modules loaded."""
    installed = [path for path in sys.path if path.endswith("site-packages")]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = os.pathsep.join([str(folder), *installed])
    command = [sys.executable, "-S", "-c", LOAD, str(folder / entry)]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=True)
    seconds, modules = done.stdout.split()
    return float(seconds) * 1000, int(modules)


def measure(provider: str, runs: int) -> tuple[int, float, int]:
    """Return compressed bytes, the least CPU time in ms, and modules loaded. A first run, which compiles, is extra."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "function"
        size = unpack(provider, FUNCTION, folder)
        load(folder, ENTRY[provider])
        found = [load(folder, ENTRY[provider]) for _ in range(runs)]
    return size, min(cpu for cpu, _ in found), found[0][1]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.function_start", description=__doc__)
    parser.add_argument("--runs", type=int, default=9, help="starts of each, of which the quickest counts")
    options = parser.parse_args(arguments)
    print("| cloud | own code, compressed | CPU to load | modules |\n|---|---|---|---|", flush=True)
    for provider in BUILT_IN:
        size, cpu, modules = measure(provider, options.runs)
        print(f"| {provider} | {size / 1024:.1f} KiB | {cpu:.0f} ms | {modules} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
