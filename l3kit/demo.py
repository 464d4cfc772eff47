"""`make demo`: runs the notebooks in order against the sandbox, renders them, and says what moved and where to look.

In its second act the same notebooks run on a twin whose tiers are on three clouds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from l3kit.errors import L3Error
from l3kit.files import told
from l3kit.sandbox.owner import OWNER_VARIABLE

NOTEBOOKS = ("walkthrough", "deploy_l3", "run_movers", "verify_connections", "query_tiers", "destroy_l3")
THREE_CLOUDS = "aws-azure-gcp"


@dataclass(frozen=True, slots=True)
class Scene:
    """One notebook with a params file and further parameters; `name` is what its files are called."""

    name: str
    notebook: str
    params: str
    more: Mapping[str, str] = field(default_factory=dict)


FIRST_ACT = tuple(Scene(name, name, f"{name}.sandbox") for name in NOTEBOOKS)
SECOND_ACT = tuple(
    Scene(f"{name}.{THREE_CLOUDS}", name, THREE_CLOUDS, more)
    for name, more in (
        ("deploy_l3", {}),
        ("run_movers", {"replay_days": "330"}),
        ("verify_connections", {}),
        ("query_tiers", {}),
        ("destroy_l3", {"data": "True", "prepare": "False", "confirm": "weather-three-clouds"}),
    )
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One notebook of the demo: its result file's content, or None where it failed."""

    name: str
    seconds: float
    html: Path
    result: dict[str, Any] | None
    error: str = ""


def run_notebook(scene: Scene, root: Path, out: Path) -> Outcome:
    """Execute one notebook by papermill with its sandbox parameters, and read its result file.

    A failing cell does not raise: the outcome carries the error, and the output notebook shows the cell.
    """
    started = time.monotonic()
    name = scene.name
    executed, html, result = (out / f"{name}.{suffix}" for suffix in ("ipynb", "html", "json"))
    for path in (executed, html, result):
        path.unlink(missing_ok=True)
    papermill = [sys.executable, "-m", "papermill", "--no-progress-bar", "-k", "python3", "--cwd", str(root)]
    papermill += [str(root / "notebooks" / f"{scene.notebook}.ipynb"), str(executed)]
    papermill += ["-f", str(root / "params" / f"{scene.params}.yaml"), "-p", "result_path", str(result)]
    papermill += [part for parameter, value in scene.more.items() for part in ("-p", parameter, value)]
    environment = {**os.environ, OWNER_VARIABLE: str(os.getpid())}
    done = subprocess.run(papermill, capture_output=True, text=True, env=environment, check=False)
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


def run_all(scenes: Sequence[Scene], root: Path, out: Path) -> Iterator[Outcome]:
    """Run the notebooks. The walkthrough has a sandbox of its own, so it runs beside the others.

    An act ends with its first failure.
    """
    failed: set[str] = set()
    with ThreadPoolExecutor(max_workers=2) as executor:
        beside = [executor.submit(run_notebook, scene, root, out) for scene in scenes if scene.name == "walkthrough"]
        for scene in (scene for scene in scenes if scene.name != "walkthrough"):
            act = THREE_CLOUDS if scene.params == THREE_CLOUDS else ""
            if act in failed:
                continue
            outcome = executor.submit(run_notebook, scene, root, out).result()
            yield outcome
            if outcome.error:
                failed.add(act)
        for future in beside:
            yield future.result()


@contextmanager
def demo_sandbox() -> Iterator[None]:
    """Begin with an empty sandbox, and leave none behind."""
    from l3kit import sandbox
    from l3kit.session import sandbox_home

    homes = [sandbox_home(name) for name in ("demo", "walkthrough", THREE_CLOUDS)]
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
        lines.append(f"{verdict:6}  {outcome.name:32} {outcome.seconds:5.1f} s  {text}")
    lines += ["", "Rendered notebooks:"]
    lines += [f"  {outcome.html.relative_to(root)}" for outcome in outcomes if outcome.html.exists()]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 when every notebook passed."""
    parser = argparse.ArgumentParser(prog="python -m l3kit.demo", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/demo"), help="folder for notebooks, HTML and results")
    parser.add_argument("--only", nargs="+", choices=NOTEBOOKS, default=NOTEBOOKS, help="run only these notebooks")
    parser.add_argument("--act", type=int, choices=(1, 2), help="1: a twin on one cloud; 2: on three; default: both")
    options = parser.parse_args(arguments)
    acts = {1: FIRST_ACT, 2: SECOND_ACT, None: FIRST_ACT + SECOND_ACT}
    scenes = [scene for scene in acts[options.act] if scene.notebook in options.only]
    root = Path(__file__).resolve().parents[1]
    try:
        return _show(scenes, root, (root / options.out).resolve())
    except L3Error as error:
        print(error, file=sys.stderr)
        return 1


def _show(scenes: Sequence[Scene], root: Path, out: Path) -> int:
    from tqdm import tqdm

    with told(str(out)):
        out.mkdir(parents=True, exist_ok=True)
    outcomes = []
    with demo_sandbox(), tqdm(total=len(scenes), unit="notebook", file=sys.stderr) as bar:
        for outcome in run_all(scenes, root, out):
            outcomes.append(outcome)
            bar.set_postfix_str(f"{outcome.name} done")
            bar.update()
        bar.set_postfix_str("rendering")
        render(outcomes, out)
    order = [scene.name for scene in scenes]
    outcomes.sort(key=lambda outcome: order.index(outcome.name))
    print(summary(outcomes, root))
    return 1 if any(outcome.error for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
