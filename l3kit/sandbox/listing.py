"""Which sandboxes there are: those of this project, by name, and those of this user that run elsewhere."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from l3kit.sandbox.death import death_of, end_of
from l3kit.sandbox.homes import name_of, named_homes, project_root, resolve_home
from l3kit.sandbox.processes import session_members
from l3kit.sandbox.state import Home, SandboxState, read_state

_MODULE = "l3kit.sandbox.gateway"


@dataclass(frozen=True, slots=True)
class Listed:
    """One sandbox.

    Attributes:
        name: what the command line and the notebooks call it; None for one whose home was named by its path.
        home: relative to the project where it is in it.
        here: whether it is one of this project's.
        since: ISO-8601, when it was started; empty where it does not run.
        twins: that have been deployed into it and not destroyed.
        megabytes: of memory that its processes hold, each counted with what it shares.
    """

    name: str | None
    home: str
    here: bool
    running: bool
    since: str = ""
    clouds: tuple[str, ...] = ()
    twins: tuple[str, ...] = ()
    processes: int = 0
    megabytes: int = 0

    def to_json(self) -> dict[str, object]:
        return asdict(self)


def sandboxes() -> list[Listed]:
    """All of them: this project's first, those that run before the others."""
    named = set(named_homes().values())
    homes = named | {home for home in _homes_of_gateways() if home.is_dir()}
    listed = [_listed(home) for home in homes]
    return sorted(listed, key=lambda one: (not one.here, not one.running, one.name or "~", one.home))


def running_here() -> list[Listed]:
    """This project's sandboxes that run."""
    return [one for one in sandboxes() if one.here and one.running]


def not_up(home: Path | str | None) -> str:
    """The sentence for a home whose sandbox is not up: why, where that is known, and what else runs in this project."""
    place = resolve_home(home)
    state = read_state(place)
    death = end_of(place) if state is None else death_of(place.root, state.aws_endpoint)
    if death is not None:
        told = f"is not up: {death.resource} {death.cause}"
    else:
        told = "is not up" if state is None else "does not answer"
    others = [one.name or one.home for one in running_here() if one.name != name_of(place.root)]
    return f"{told}; running: {', '.join(others)}" if others else told


def _listed(home: Path) -> Listed:
    root = project_root()
    inside = home.is_relative_to(root)
    name = name_of(home)
    shown = str(home.relative_to(root)) if inside else str(home)
    state = read_state(Home(home))
    if state is None or not state.processes[0].is_alive():
        return Listed(name, shown, name is not None or inside, running=False)
    members = session_members(state.processes[0].pid, state.processes[0].created, state)
    return Listed(
        name,
        shown,
        name is not None or inside,
        running=True,
        since=state.started,
        clouds=state.clouds,
        twins=twins_of(state),
        processes=len(members),
        megabytes=round(sum(_memory(process) for process in members) / 1024**2),
    )


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def twins_of(state: SandboxState) -> tuple[str, ...]:
    """By their deploy logs: those of whose resources one was made, and not all were deleted again."""
    logs = sorted(Home(state.home).logs.glob("deploy-*.jsonl"))
    return tuple(log.stem.removeprefix("deploy-") for log in logs if _standing(log))


def _standing(log: Path) -> bool:
    made: set[tuple[str, str]] = set()
    for line in log.read_bytes().splitlines():
        try:
            note = json.loads(line)
            key = note["resource"], note["name"]
            if note["phase"] == "done":
                (made.discard if note["action"] == "delete" else made.add)(key)
        except (ValueError, KeyError, TypeError):  # half a line, of a process that died writing it
            continue
    return bool(made)


def _homes_of_gateways() -> Iterator[Path]:
    """The homes of this user's gateways that run."""
    for process in psutil.process_iter():
        try:
            if process.uids().real != os.getuid():
                continue
            command = process.cmdline()
            if _MODULE in command[:5] and "--home" in command:
                yield Path(command[command.index("--home") + 1])
        except (psutil.Error, IndexError):
            continue
