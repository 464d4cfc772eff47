"""CPU time of each function's start, and the size of its own part of the zip: `python -m benchmarks.function_start`.

A start is all that the first call waits for, but for requests: the entry file with the variables that the deployer
injects, and the modules that are loaded on use. Only the packed files and the installed dependencies are on the path,
as in the cloud.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from l3kit.packaging.wheels import sources
from l3kit.providers import BUILT_IN, provider
from l3kit.tiering.settings.function_table import peers_of, variables_for

ENTRY = {"aws": "lambda_function.py", "azure": "function_app.py", "gcp": "main.py"}
"""The file in which each cloud's runtime looks for the function."""
_STREAM = "l3kit.tiering.stream."
ON_USE = {
    "hot-to-cold-mover": ("l3kit.tiering.movers.hot_to_cold", "l3kit.tiering.movers.targets"),
    "hot-reader": ("l3kit.tiering.runtime.readers",),
    "hot-reader-last-entry": ("l3kit.tiering.runtime.readers",),
    "dispatcher": (_STREAM + "dispatcher",),
    "connector": (_STREAM + "relay", "l3kit.tiering.runtime.senders"),
    "ingestion": (_STREAM + "receiving",),
    "default-processor": (_STREAM + "processing", _STREAM + "processor_step"),
    "persister": (_STREAM + "persister",),
    "event-checker": (_STREAM + "event_checker", _STREAM + "events"),
    "writer": (_STREAM + "receiving",),
}
"""The measured functions, and what each of them loads at its first call; those of `_STREAM` load `runtime.chain`."""
LOAD = """
import importlib, resource, runpy, sys
runpy.run_path(sys.argv[1])
for name in sys.argv[2:]:
    importlib.import_module(name)
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime, len(sys.modules))
"""


def variables(cloud: str, function: str) -> dict[str, str]:
    """Variables as the deployer injects them, of a twin on one cloud; a connector's layer 2 is on another."""
    apart = function == "connector"
    other = next(name for name in BUILT_IN if name != cloud)
    layers = {"1": cloud, "2": other if apart else cloud, "3_hot": cloud, "3_cold": cloud, "3_archive": cloud}
    info = {
        "config": {"digital_twin_name": "twin", "hot_storage_size_in_days": 30, "cold_storage_size_in_days": 90},
        "config_iot_devices": [{"id": "sensor-1"}],
        "config_providers": {f"layer_{layer}_provider": name for layer, name in layers.items()},
    }
    values = {
        "DIGITAL_TWIN_INFO": json.dumps(info),
        "REMOTE_INGESTION_URL": "https://ingestion.example/",
        "FUNCTION_TIMEOUT_SECONDS": "900",
        "MOVER_SCHEDULE": "0 0 3 * * *",
        "RECEIVER_LIMIT_BYTES": "",
        "RECEIVER_LIMIT_COUNTS": "",
    }
    peers = peers_of(function, l1_apart=apart, events=False)
    names = variables_for(function, cloud=provider(cloud).variables, remote=apart, archive_here=False, peers=peers)
    return {name: values.get(name, "x" * 43) for name in names}


def unpack(cloud: str, function: str, folder: Path) -> int:
    """Lay out a function's own files as its zip does. Returns: their compressed bytes."""
    packed = folder.with_suffix(".zip")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, path in sources(cloud, function):
            archive.write(path, name)
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(folder)
    return packed.stat().st_size


def load(folder: Path, cloud: str, function: str) -> tuple[float, int]:
    """Start a process that loads the function. Returns: its CPU time in ms, and the number of modules loaded."""
    installed = [path for path in sys.path if path.endswith("site-packages")]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= variables(cloud, function)
    environment["PYTHONPATH"] = os.pathsep.join([str(folder), *installed])
    on_use = [*ON_USE[function], *(["l3kit.tiering.runtime.chain"] if ON_USE[function][0].startswith(_STREAM) else [])]
    command = [sys.executable, "-S", "-c", LOAD, str(folder / ENTRY[cloud]), *on_use]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{cloud} {function}: {done.stderr[-2000:]}")
    seconds, modules = done.stdout.split()
    return float(seconds) * 1000, int(modules)


def measure(cloud: str, function: str, runs: int) -> tuple[int, float, int]:
    """Return compressed bytes, the least CPU time in ms, and modules loaded. A first run, which compiles, is extra."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "function"
        size = unpack(cloud, function, folder)
        load(folder, cloud, function)
        found = [load(folder, cloud, function) for _ in range(runs)]
    return size, min(cpu for cpu, _ in found), found[0][1]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.function_start", description=__doc__)
    parser.add_argument("--runs", type=int, default=9, help="starts of each, of which the quickest counts")
    parser.add_argument("--clouds", nargs="+", choices=BUILT_IN, default=BUILT_IN)
    parser.add_argument("--functions", nargs="+", choices=tuple(ON_USE), default=tuple(ON_USE))
    options = parser.parse_args(arguments)
    print("| cloud | function | own code, compressed | CPU of a start | modules |\n|---|---|---|---|---|", flush=True)
    for cloud in options.clouds:
        for function in options.functions:
            size, cpu, modules = measure(cloud, function, options.runs)
            print(f"| {cloud} | {function} | {size / 1024:.1f} KiB | {cpu:.0f} ms | {modules} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
