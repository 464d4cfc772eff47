"""Runs one slice of the long tests, all of them, or the fast part: `python -m tests.programs.slices`.

Which slice a commit runs follows from the commit, so that a few commits together run everything.
`tests/support/slices.py` cuts them.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.slices import FIGURES

ROOT = Path(__file__).resolve().parents[2]
IN_ORDER = ("--dist", "loadfile", "--no-loadscope-reorder")
WHOLE = ("-q", "-rs", "-n", "3", *IN_ORDER, "-m", "not slow", "--nbval", "notebooks", "tests")
"""Files in their order: notebooks and the tests that deploy first, the many short unit tests last, so that all workers
end together. Three keep two cores busy, since many tests wait for a process to start or a time to pass. What was
skipped is told with its reason, so that nothing is left out in silence."""
FAST = (*WHOLE, "--hypothesis-profile", "quick")
"""The same with fewer draws, other ones in each run."""
WHEEL = "tests/e2e/test_wheel.py"
"""In no slice: CI always runs it."""
LONG = ("-q", "-rs", "-n", "2", "--dist", "worksteal", f"--ignore={WHEEL}", "tests")
"""Long tests of one file may run on both workers: one file has a third of all the time."""


def of_commit(commit: str, count: int) -> int:
    """The slice that this commit runs; the first where no commit is known."""
    return int(commit[:8], 16) % count + 1 if re.fullmatch("[0-9a-f]{8,}", commit) else 1


def current_commit() -> str:
    """The hash of what is checked out; empty where git is not there, or this is no clone."""
    try:
        asked = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""


@dataclass(frozen=True, slots=True)
class Ran:
    """One part of the tests: pytest's exit code, seconds, and the counts named in `FIGURES`."""

    name: str
    code: int
    seconds: float
    figures: dict[str, int]

    @property
    def ok(self) -> bool:
        return self.code == 0

    def line(self) -> str:
        counts = f"{self.figures['passed']:,} passed, {self.figures['failed']:,} failed"
        end = "" if self.ok else f"; pytest ended with {self.code}"
        return f"{self.name:14} {self.seconds / 60:5.1f} min  {counts}{end}"


def run_part(name: str, arguments: Sequence[str]) -> Ran:
    """Run pytest with these arguments, its output on ours."""
    with tempfile.TemporaryDirectory(prefix="l3kit-tests-") as folder:
        figures = Path(folder) / "figures.json"
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *arguments, "--figures", str(figures)], cwd=ROOT, check=False
        )
        counts = json.loads(figures.read_text()) if figures.exists() else {}
    return Ran(name, done.returncode, time.monotonic() - started, {key: int(counts.get(key, 0)) for key in FIGURES})


def summary(parts: Sequence[Ran]) -> str:
    """What `make test-all` ends with: each part's time and counts, then the sums."""
    total = {key: sum(part.figures[key] for part in parts) for key in FIGURES}
    return "\n".join(
        [
            *(part.line() for part in parts),
            f"{'all':14} {sum(part.seconds for part in parts) / 60:5.1f} min  "
            f"{total['passed']:,} passed, {total['failed']:,} failed",
            f"faults injected: {total['faults']:,}; checks of every item in every tier: {total['checks']:,}; "
            f"items lost: {total['lost']:,}, doubled or altered: {total['doubled']:,}",
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 when every part that ran passed."""
    parser = argparse.ArgumentParser(prog="python -m tests.programs.slices", description=__doc__)
    parser.add_argument(
        "--of", type=int, required=True, metavar="K", help="into how many slices the long tests are cut"
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--number", type=int, metavar="N", help="run this slice (default: the commit chooses)")
    which.add_argument("--fast", action="store_true", help="run the fast part")
    which.add_argument("--wheel", action="store_true", help="build the wheel and work with it alone")
    which.add_argument("--all", action="store_true", help="run the fast part, the wheel and every slice")
    options = parser.parse_args(arguments)
    if options.number is not None and not 1 <= options.number <= options.of:
        parser.error(f"there is no slice {options.number}: N goes from 1 to {options.of}")
    if options.fast:
        print("running the fast part of the tests, and every notebook with its defaults (about 10 minutes)", flush=True)
        return run_part("fast part", FAST).code
    if options.all:
        return _everything(options.of)
    part = _run_wheel() if options.wheel else _run_slice(options.number or _chosen_by_commit(options.of), options.of)
    print(part.line(), flush=True)
    return part.code


def _chosen_by_commit(count: int) -> int:
    commit = current_commit()
    number = of_commit(commit, count)
    why = f"chosen by commit {commit[:8]}" if commit else "the first, since no commit is known"
    print(f"slice {number} of {count}, {why}; the same again: make test-slice N={number}", flush=True)
    return number


def _run_slice(number: int, count: int) -> Ran:
    return run_part(f"slice {number} of {count}", (*LONG, "--slice", f"{number}/{count}"))


def _run_wheel() -> Ran:
    print("building the wheel and working with it alone (about 2 minutes)", flush=True)
    return run_part("wheel", ("-q", WHEEL))


def _everything(count: int) -> int:
    parts = []
    print(f"1 of {count + 2}: the fast part", flush=True)
    parts.append(run_part("fast part", WHOLE))
    parts.append(_run_wheel())
    for number in range(1, count + 1):
        print(f"{number + 2} of {count + 2}: slice {number} of {count} of the long tests", flush=True)
        parts.append(_run_slice(number, count))
    print(summary(parts), flush=True)
    return 0 if all(part.ok for part in parts) else 1


if __name__ == "__main__":
    sys.exit(main())
