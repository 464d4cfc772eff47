"""The demo's command: runs the acts, shows their progress, writes the index and prints its location."""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import l3kit
import l3kit.examples.demo
from l3kit.errors import L3Error
from l3kit.examples.demo.display import display
from l3kit.examples.demo.doc_titles import doc_titles
from l3kit.examples.demo.index_page import Facts, index_page, verdict_of
from l3kit.examples.demo.redaction import without_paths
from l3kit.examples.demo.scenes import NOTEBOOKS, Act, Outcome, acts
from l3kit.examples.demo.stage import AT_ONCE, empty_sandboxes, play
from l3kit.files import os_errors_reported, write_whole
from l3kit.tiering.counts import count_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo. Returns: the exit code, 0 if every notebook passed, 130 if it was interrupted."""
    parser = argparse.ArgumentParser(prog="python -m l3kit.examples.demo", description=l3kit.examples.demo.__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/demo"), help="folder for notebooks, pages and results")
    parser.add_argument("--only", nargs="+", choices=NOTEBOOKS, default=NOTEBOOKS, help="run only these notebooks")
    parser.add_argument("--act", type=int, choices=(1, 2), help="1: a twin on one cloud; 2: on three; default: both")
    options = parser.parse_args(arguments)
    root = Path(__file__).resolve().parents[3]
    try:
        with interruptible():
            return _show(acts(options.only, options.act), root, (root / options.out).resolve())
    except KeyboardInterrupt:
        print("\nInterrupted: the notebooks and their sandboxes are stopped, nothing is left running.", flush=True)
        return 128 + signal.SIGINT
    except L3Error as error:
        print(error, file=sys.stderr)
        return 1


@contextmanager
def interruptible() -> Iterator[None]:
    """End the demo on SIGTERM as on Ctrl-C."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _show(chosen: Sequence[Act], root: Path, out: Path) -> int:
    with os_errors_reported(str(out)):
        out.mkdir(parents=True, exist_ok=True)
    chains = [chain for act in chosen for chain in act.chains]
    count = sum(map(len, chains))
    rows = min(AT_ONCE, len(chains))
    at_once = f", {rows} at a time" if rows > 1 else ""
    print(f"l3kit demo: {count_of(count, 'notebook')}{at_once}, in the sandbox on this machine.", flush=True)
    print("About three minutes on two idle cores; longer at first, when emulators and functions are built.", flush=True)
    started = time.monotonic()
    with empty_sandboxes(chosen, root):
        shown = display(count, rows)
        try:
            outcomes = play(chosen, root, out, shown)
        finally:
            shown.close()
    outcomes = [_neutral(outcome, root) for outcome in outcomes]
    seconds = time.monotonic() - started
    facts = Facts(seconds, f"{datetime.now().astimezone():%Y-%m-%d %H:%M %Z}", version(root))
    index = out / "index.html"
    write_whole(index, index_page(chosen, outcomes, facts, _titles(root), doc_titles(root), out))
    print(f"\n{verdict_of(outcomes, seconds)}")
    print(f"Open {index.relative_to(root) if index.is_relative_to(root) else index}: the notebooks as they ran.")
    return 1 if any(outcome.verdict != "ok" for outcome in outcomes) else 0


def _neutral(outcome: Outcome, root: Path) -> Outcome:
    """Remove this machine's folders from published text."""
    change = without_paths(root)
    return Outcome(outcome.name, outcome.verdict, outcome.seconds, change(outcome.sentence), change(outcome.error))


def _titles(root: Path) -> dict[str, str]:
    """The first heading of each notebook."""
    titles = {}
    for name in NOTEBOOKS:
        first = json.loads((root / "notebooks" / f"{name}.ipynb").read_text("utf-8"))["cells"][0]["source"]
        titles[name] = "".join(first).splitlines()[0].lstrip("# ")
    return titles


def version(root: Path) -> str:
    """`0.1.0 (commit 7915b4b, changed since)`; the version alone if this is no clone."""
    command = ["git", "describe", "--always", "--dirty=, changed since", "--exclude=*"]
    try:
        asked = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return l3kit.__version__
    commit = asked.stdout.strip()
    return f"{l3kit.__version__} (commit {commit})" if asked.returncode == 0 and commit else l3kit.__version__
