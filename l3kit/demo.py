"""`make demo`: runs the notebooks in order against the sandbox, renders them, and says what moved and where to look."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
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
    """Execute one notebook with its sandbox parameters, render it to HTML, and read its result file.

    A failing cell does not raise: the outcome carries the error, and the HTML shows the cell.
    """
    import papermill
    import yaml
    from nbconvert import HTMLExporter

    started = time.monotonic()
    source, executed = root / "notebooks" / f"{name}.ipynb", out / f"{name}.ipynb"
    html, result = out / f"{name}.html", out / f"{name}.json"
    result.unlink(missing_ok=True)
    parameters = yaml.safe_load((root / "params" / f"{name}.sandbox.yaml").read_text("utf-8")) or {}
    parameters["result_path"] = str(result)
    error = ""
    try:
        papermill.execute_notebook(
            source, executed, parameters, kernel_name="python3", progress_bar=False, cwd=str(root / "notebooks")
        )
    except Exception as failure:  # the verdict of the notebook, whatever it raised
        error = f"{type(failure).__name__}: {failure}".strip().splitlines()[-1]
    if executed.exists():
        html.write_text(HTMLExporter().from_filename(str(executed))[0], "utf-8")  # type: ignore[no-untyped-call]
    content = json.loads(result.read_text("utf-8")) if result.exists() and not error else None
    if content is None and not error:
        error = f"wrote no result to {result.name}"
    return Outcome(name, time.monotonic() - started, html, content, error)


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
    with tqdm(total=len(options.only), unit="notebook", file=sys.stderr) as bar:
        for name in options.only:
            bar.set_description(name)
            outcomes.append(run_notebook(name, root, out))
            bar.update()
            if outcomes[-1].error:
                break
    print(summary(outcomes, root))
    return 1 if any(outcome.error for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
