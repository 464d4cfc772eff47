"""`make demo`: runs the notebooks in order against the sandbox, renders them, and says what moved and where to look."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NOTEBOOKS = ("walkthrough", "deploy_l3", "run_movers", "verify_connections", "query_tiers", "destroy_l3")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One notebook of the demo: its result file's content, or None where it failed."""

    name: str
    seconds: float
    html: Path
    result: dict[str, Any] | None
    error: str = ""


def run_notebook(name: str, root: Path, out: Path) -> Outcome:
    """Execute one notebook by papermill with its sandbox parameters, and read its result file.

    A failing cell does not raise: the outcome carries the error, and the output notebook shows the cell.
    """
    started = time.monotonic()
    executed, html, result = (out / f"{name}.{suffix}" for suffix in ("ipynb", "html", "json"))
    for path in (executed, html, result):
        path.unlink(missing_ok=True)
    papermill = [sys.executable, "-m", "papermill", "--no-progress-bar", "-k", "python3", "--cwd", str(root)]
    papermill += [str(root / "notebooks" / f"{name}.ipynb"), str(executed)]
    papermill += ["-f", str(root / "params" / f"{name}.sandbox.yaml"), "-p", "result_path", str(result)]
    done = subprocess.run(papermill, capture_output=True, text=True, check=False)
    content = json.loads(result.read_text("utf-8")) if result.exists() else None
    error = ""
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        error = lines[-1] if lines else f"papermill ended with exit code {done.returncode}"
    elif content is None:
        error = f"wrote no result to {result.name}"
    return Outcome(name, time.monotonic() - started, html, content, error)


def render(outcomes: Sequence[Outcome], out: Path) -> None:
    """Render the executed notebooks to HTML, all in one go."""
    executed = [str(out / f"{outcome.name}.ipynb") for outcome in outcomes if (out / f"{outcome.name}.ipynb").exists()]
    if executed:
        command = [sys.executable, "-m", "nbconvert", "--log-level=ERROR", "--to", "html", *executed]
        subprocess.run(command, capture_output=True, check=False)


def run_all(names: Sequence[str], root: Path, out: Path) -> Iterator[Outcome]:
    """Run the notebooks. The walkthrough has a sandbox of its own, so it runs beside the others, which share one."""
    with ThreadPoolExecutor(max_workers=2) as executor:
        beside = [executor.submit(run_notebook, name, root, out) for name in names if name == "walkthrough"]
        for name in (name for name in names if name != "walkthrough"):
            outcome = executor.submit(run_notebook, name, root, out).result()
            yield outcome
            if outcome.error:
                break
        for future in beside:
            yield future.result()


@contextmanager
def demo_sandbox() -> Iterator[None]:
    """Begin with an empty sandbox, and leave none behind."""
    from l3kit import sandbox
    from l3kit.session import sandbox_home

    homes = [sandbox_home(name) for name in ("demo", "walkthrough")]
    for home in homes:
        sandbox.down(home)
    try:
        yield
    finally:
        for home in homes:
            sandbox.down(home)


def summary(outcomes: Sequence[Outcome], root: Path) -> str:
    """The lines printed at the end: each notebook's verdict and sentence, and where its HTML is."""
    lines = []
    for outcome in outcomes:
        verdict = "failed" if outcome.error else "ok"
        text = outcome.error or str((outcome.result or {}).get("summary", ""))
        lines.append(f"{verdict:6}  {outcome.name:18} {outcome.seconds:5.1f} s  {text}")
    lines += ["", "Rendered notebooks:"]
    lines += [f"  {outcome.html.relative_to(root)}" for outcome in outcomes if outcome.html.exists()]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 when every notebook passed."""
    from tqdm import tqdm

    parser = argparse.ArgumentParser(prog="python -m l3kit.demo", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/demo"), help="folder for notebooks, HTML and results")
    parser.add_argument("--only", nargs="+", choices=NOTEBOOKS, default=NOTEBOOKS, help="run only these")
    options = parser.parse_args(arguments)
    root = Path(__file__).resolve().parents[1]
    out = (root / options.out).resolve()
    out.mkdir(parents=True, exist_ok=True)
    outcomes = []
    with demo_sandbox(), tqdm(total=len(options.only), unit="notebook", file=sys.stderr) as bar:
        for outcome in run_all(options.only, root, out):
            outcomes.append(outcome)
            bar.set_postfix_str(f"{outcome.name} done")
            bar.update()
        bar.set_postfix_str("rendering")
        render(outcomes, out)
    outcomes.sort(key=lambda outcome: NOTEBOOKS.index(outcome.name))
    print(summary(outcomes, root))
    return 1 if any(outcome.error for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
