"""The demo's processes: chains run side by side, a failure ends its own chain, an interruption leaves nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest

from l3kit.examples.demo.scenes import Act, Outcome, Scene
from l3kit.examples.demo.stage import play

ROOT = Path(__file__).parents[2]
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
RESULT = 'open(result_path, "w").write(\'{"summary": "said"}\')'
SLEEP = "import time; open('began', 'w').close(); time.sleep(600)"


def project(folder: Path, **cells: str) -> Path:
    """A project with these notebooks, each a parameters cell and one more."""
    for name in ("notebooks", "params", "docs", "out"):
        (folder / name).mkdir()
    (folder / "README.md").write_text("# Read me\n")
    (folder / "params" / "all.yaml").write_text("sandbox: toy\n")
    for name, source in cells.items():
        given = nbformat.v4.new_code_cell('sandbox = ""\nresult_path = ""', metadata={"tags": ["parameters"]})
        heading = nbformat.v4.new_markdown_cell(f"# About {name}")
        cells_of = [given, heading, nbformat.v4.new_code_cell(source)]
        notebook = nbformat.v4.new_notebook(cells=cells_of, metadata={"kernelspec": KERNEL})
        nbformat.write(notebook, folder / "notebooks" / f"{name}.ipynb")
    return folder


def act(*chains: tuple[str, ...]) -> Act:
    return Act("toy", "", tuple(tuple(Scene(name, name, "all") for name in chain) for chain in chains))


def test_a_failure_ends_its_chain_and_no_other_and_everything_is_rendered(tmp_path: Path) -> None:
    root = project(tmp_path, good=RESULT, bad="raise ValueError('no, <not> this')")
    events: list[object] = []
    told = play([act(("bad", "after"), ("good",))], root, root / "out", events.append)
    assert [(outcome.name, outcome.verdict) for outcome in told] == [
        ("bad", "failed"),
        ("after", "not run"),
        ("good", "ok"),
    ]
    bad, after, good = told
    assert (bad.error, after.error) == ("ValueError: no, <not> this", "not run, because bad failed")
    assert good.sentence == "said"
    assert "ValueError" in (root / "out" / "bad.html").read_text()
    assert (root / "out" / "docs" / "readme.html").exists()
    sections = [(e.name, e.section, e.number, e.count) for e in events if e is not None and not isinstance(e, Outcome)]
    assert ("good", "About good", 4, 4) in sections


@pytest.mark.slow
def test_a_kernel_that_dies_fails_its_notebook(tmp_path: Path) -> None:
    root = project(tmp_path, dead="import os; os._exit(3)")
    (told,) = play([act(("dead",))], root, root / "out")
    assert (told.verdict, told.error.partition(":")[0]) == ("failed", "DeadKernelError")


@pytest.mark.slow
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda sign: sign.name)
def test_an_interrupted_demo_leaves_no_process(sign: signal.Signals, tmp_path: Path) -> None:
    root = project(tmp_path, sleeps=SLEEP)
    main = root / "demo_main.py"
    main.write_text(
        "from pathlib import Path\n"
        "from l3kit.examples.demo.command import interruptible\n"
        "from l3kit.examples.demo.scenes import Act, Scene\n"
        "from l3kit.examples.demo.stage import play\n"
        "if __name__ == '__main__':\n"
        "    root = Path(__file__).parent\n"
        "    with interruptible():\n"
        "        play([Act('toy', '', ((Scene('sleeps', 'sleeps', 'all'),),))], root, root / 'out')\n"
    )
    demo = subprocess.Popen([sys.executable, str(main)], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    until = time.monotonic() + 600
    while not (root / "began").exists():
        assert time.monotonic() < until
        assert demo.poll() is None
        time.sleep(0.2)
    family = psutil.Process(demo.pid).children(recursive=True)
    assert len(family) >= 3, "the server of forks, the worker, its kernel"
    demo.send_signal(sign)
    demo.wait(300)
    _, alive = psutil.wait_procs(family, 300)
    assert not alive, [process.cmdline() for process in alive]


@pytest.mark.slow
def test_a_process_that_ends_without_a_word_is_told(tmp_path: Path) -> None:
    root = project(tmp_path, kills="import os, signal; os.kill(os.getppid(), signal.SIGKILL)", after=RESULT)
    kills, after = play([act(("kills", "after"))], root, root / "out")
    assert (kills.verdict, kills.error) == ("failed", "its process ended with -9; see demo.log")
    assert (after.verdict, after.error) == ("not run", "not run, because kills failed")
