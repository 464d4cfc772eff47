"""Apply deliberate bugs one by one and show which test detects each: `python -m tests.programs.mutations [names]`.

Every bug is applied to a copy of the project, so the work tree is unchanged. If the tests pass with a bug, the exit
code is 1. `make test-all` runs all of them (tests/test_mutations.py).
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.programs.bugs.chain import MESSAGE_CHAIN
from tests.programs.bugs.cost import COST
from tests.programs.bugs.erasing import ERASES
from tests.programs.bugs.expiry import EXPIRY
from tests.programs.bugs.google_rules import GOOGLE_RULES
from tests.programs.bugs.movers import MOVERS
from tests.programs.bugs.mutation import Mutation
from tests.programs.bugs.operating import OPERATING
from tests.programs.bugs.stores import STORES
from tests.programs.bugs.transfer import TRANSFER

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("benchmarks", "docs", "params", "l3kit", "lambda_code", "tests", "pyproject.toml", "README.md")
SECONDS = 280
MUTATIONS = (*MESSAGE_CHAIN, *MOVERS, *TRANSFER, *STORES, *OPERATING, *EXPIRY, *ERASES, *COST, *GOOGLE_RULES)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Result of a mutation. `caught_by`: the first failed test; empty if all passed."""

    mutation: Mutation
    caught_by: str
    seconds: float
    output: str


def try_out(mutation: Mutation, folder: Path) -> Verdict:
    """Copy the project, apply the bug, and run its tests until one fails.

    Raises: ValueError if the text to replace does not occur exactly once.
    """
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        else:
            shutil.copy(source, folder / name)
    file = folder / mutation.file
    text = file.read_text("utf-8")
    if text.count(mutation.old) != 1:
        raise ValueError(f"{mutation.name}: its text stands {text.count(mutation.old)} times in {mutation.file}")
    file.write_text(text.replace(mutation.old, mutation.new), "utf-8")
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-m", "not slow", "-p", "no:cacheprovider", *mutation.tests]
    started = time.monotonic()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False)
    seconds = time.monotonic() - started
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{mutation.name}: pytest ended with {done.returncode}\n{done.stdout[-2000:]}{done.stderr}")
    found = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    return Verdict(mutation, found[1] if found else "", seconds, done.stdout)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.programs.mutations", description=__doc__)
    parser.add_argument("names", nargs="*", help="words of the bugs' names (default: all)")
    options = parser.parse_args(arguments)
    chosen = [m for m in MUTATIONS if not options.names or any(word in m.name for word in options.names)]
    survived = 0
    for mutation in chosen:
        with tempfile.TemporaryDirectory(prefix="l3kit-mutation-") as folder:
            verdict = try_out(mutation, Path(folder))
        survived += not verdict.caught_by
        told = f"caught by {verdict.caught_by}" if verdict.caught_by else "NOT CAUGHT"
        print(f"{mutation.name}\n    {told} ({verdict.seconds:.0f} s)", flush=True)
    print(f"{len(chosen) - survived} of {len(chosen)} deliberate bugs are caught")
    return 1 if survived or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
