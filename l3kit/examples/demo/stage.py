"""Runs the demo's chains in parallel, each in a process, and ends all of them with the demo."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

import psutil

from l3kit.errors import L3Error
from l3kit.examples.demo.scenes import LOG, Act, Outcome, Scene
from l3kit.sandbox.owner import OWNER_VARIABLE

AT_ONCE = 2
"""Maximum concurrent chains: on two cores a third only takes memory."""
TICK = 0.5
"""Polling interval in seconds while no event arrives."""
STOP_SECONDS = 5.0
"""Grace period for a terminated process to end its kernel."""
WORKER = "l3kit.examples.demo.worker"


@dataclass(frozen=True, slots=True)
class _Running:
    scenes: tuple[Scene, ...]
    process: BaseProcess


def play(
    acts: Sequence[Act], root: Path, out: Path, tell: Callable[[object], None] = lambda event: None
) -> list[Outcome]:
    """Run all scenes, longest chains first, and render them and the documentation into `out`.

    Args:
        tell: takes each `Step` and `Outcome` as it happens, and None as time passes.
    Returns: an outcome for each scene, in the order of the acts; scenes after a failure in their chain are not run.
    Raises: L3Error if the documentation cannot be rendered.
    """
    chains = [chain for act in acts for chain in act.chains]
    pages = [scene.name for chain in chains for scene in chain]
    (out / LOG).unlink(missing_ok=True)
    for name in pages:
        for suffix in ("ipynb", "html", "json"):
            (out / f"{name}.{suffix}").unlink(missing_ok=True)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([WORKER])
    waiting = sorted(chains, key=len, reverse=True)
    running: dict[Connection, _Running] = {}
    found: dict[str, Outcome] = {}
    with _ended(running):
        while waiting or running:
            while waiting and len(running) < AT_ONCE:
                ours, theirs = context.Pipe(duplex=False)
                scenes = waiting.pop(0)
                process = context.Process(target=_perform, args=(scenes, root, out, pages, theirs), daemon=False)
                process.start()
                theirs.close()
                running[ours] = _Running(scenes, process)
            ready = wait(list(running), TICK)
            for connection in ready:
                assert isinstance(connection, Connection)
                _listen(connection, running, found, tell)
            tell(None)
        docs = context.Process(target=_write_docs, args=(out, root, pages))
        docs.start()
        docs.join()
        if docs.exitcode:
            raise L3Error("documentation", "could not be rendered", f"The reason is in {out / LOG}")
    return [found[name] for name in pages]


def _perform(scenes: Sequence[Scene], root: Path, out: Path, pages: Sequence[str], events: Connection) -> None:
    """Run a chain; imports papermill late, since the demo's own process does not need it."""
    from l3kit.examples.demo.worker import perform

    perform(scenes, root, out, pages, events)


def _write_docs(out: Path, root: Path, pages: Sequence[str]) -> None:
    from l3kit.examples.demo.worker import write_docs

    write_docs(out, root, pages)


def _listen(
    connection: Connection,
    running: dict[Connection, _Running],
    found: dict[str, Outcome],
    tell: Callable[[object], None],
) -> None:
    """Take one event; at the end of a process, account for each of its scenes."""
    try:
        event = connection.recv()
    except (EOFError, OSError):
        one = running.pop(connection)
        one.process.join()
        for outcome in _left(one, found):
            found[outcome.name] = outcome
            tell(outcome)
        return
    if isinstance(event, Outcome):
        found[event.name] = event
    tell(event)


def _left(one: _Running, found: dict[str, Outcome]) -> Iterator[Outcome]:
    """Outcomes of scenes that reported none: the process ended in the first, or an earlier one had failed."""
    failed = next((s.name for s in one.scenes if s.name in found and found[s.name].verdict == "failed"), "")
    for scene in one.scenes:
        if scene.name in found:
            continue
        if failed:
            yield Outcome(scene.name, "not run", error=f"not run, because {failed} failed")
        else:
            failed = scene.name
            yield Outcome(scene.name, "failed", error=f"its process ended with {one.process.exitcode}; see {LOG}")


@contextmanager
def _ended(running: dict[Connection, _Running]) -> Iterator[None]:
    """End all processes and the kernels they started at the end of this block."""
    try:
        yield
    finally:
        processes = [one.process for one in running.values()]
        families = [child for process in processes for child in _family(process.pid)]
        for process in processes:
            process.terminate()
        _, alive = psutil.wait_procs(families, STOP_SECONDS)
        for child in alive:
            child.kill()
        psutil.wait_procs(alive, STOP_SECONDS)


def _family(pid: int | None) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


@contextmanager
def empty_sandboxes(acts: Sequence[Act], root: Path) -> Iterator[None]:
    """Begin with empty sandboxes that end with this process, and leave none behind."""
    from l3kit import sandbox
    from l3kit.session import sandbox_home

    names = {scene.parameters(root)["sandbox"] for act in acts for chain in act.chains for scene in chain}
    homes = [sandbox_home(name) for name in sorted(names)]
    before = os.environ.get(OWNER_VARIABLE)
    os.environ[OWNER_VARIABLE] = str(os.getpid())
    for home in homes:
        sandbox.down(home)
    try:
        yield
    finally:
        for home in homes:
            sandbox.down(home)
        if before is None:
            del os.environ[OWNER_VARIABLE]
        else:
            os.environ[OWNER_VARIABLE] = before
