"""How long a sandbox takes to start, warm, and what memory it takes idle: `python -m benchmarks.start_up`."""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import time
from collections.abc import Collection, Sequence
from pathlib import Path

from l3kit import sandbox

ALL = ("aws", "azure", "gcp")


def pss_mb(pid: int) -> float:
    """Proportional set size: memory shared by several processes is counted once in their sum. MB."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def measure(clouds: Collection[str], runs: int) -> tuple[float, dict[str, float]]:
    """The quickest start in seconds, and each process's memory in MB some seconds after it."""
    quickest, memory = float("inf"), dict[str, float]()
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as home:
            started = time.monotonic()
            state = sandbox.ensure_up(Path(home), clouds=clouds, owner=os.getpid())
            quickest = min(quickest, time.monotonic() - started)
            try:
                time.sleep(3)
                memory = {process.name: pss_mb(process.pid) for process in state.processes}
            finally:
                sandbox.down(Path(home))
    return quickest, memory


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.start_up", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="starts of each, of which the quickest counts (default: 3)")
    options = parser.parse_args(arguments)
    if sys.platform != "linux":
        print("the memory of processes is read from /proc, which this system does not have", file=sys.stderr)
        return 1
    print("| clouds | start, warm | idle memory (PSS) | of which |\n|---|---|---|---|")
    for clouds in (("aws",), ALL):
        seconds, memory = measure(clouds, options.runs)
        parts = ", ".join(f"{name} {mb:.0f}" for name, mb in memory.items())
        print(f"| {', '.join(clouds)} | {seconds:.1f} s | {sum(memory.values()):.0f} MB | {parts} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
