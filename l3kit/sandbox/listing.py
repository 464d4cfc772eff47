"""List sandboxes: those of this project by name, and this user's running sandboxes elsewhere."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from l3kit.errors import SandboxError
from l3kit.sandbox.homes import name_of, named_homes, project_root, resolve_home
from l3kit.sandbox.processes import session_members
from l3kit.sandbox.state import Home, SandboxState, read_state
from l3kit.sandbox.stop_reason import last_stop, stop_reason

_MODULE = "l3kit.sandbox.gateway"
_START = "Run `l3kit sandbox up`, or name a running sandbox"


@dataclass(frozen=True, slots=True)
class Listed:
    """One sandbox.

    Attributes:
        name: as used by the command line and the notebooks; None if the home was given as a path.
        home: path, relative to the project if inside it.
        here: whether it belongs to this project.
        since: start time, ISO 8601; empty if it is not running.
        twins: names of the deployed twins.
        megabytes: resident memory of its processes; shared pages are counted for each process.
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
    """All sandboxes: this project's first, running ones before stopped ones."""
    named = set(named_homes().values())
    homes = named | {home for home in _homes_of_gateways() if home.is_dir()}
    listed = [_listed(home) for home in homes]
    return sorted(listed, key=lambda one: (not one.here, not one.running, one.name or "~", one.home))


def running_here() -> list[Listed]:
    """This project's running sandboxes."""
    return [one for one in sandboxes() if one.here and one.running]


def not_up(home: Path | str | None) -> SandboxError:
    """The error of a sandbox that is not running: why, if known, with the end of the log of a part that ended.

    Its cause lists the project's running sandboxes too.
    """
    place = resolve_home(home)
    state = read_state(place)
    reason = last_stop(place) if state is None else stop_reason(place.root, state.gateway)
    if reason is not None:
        cause, remedy = f"is not running: {reason.resource} {reason.cause}", reason.remedy
    else:
        cause, remedy = "is not running" if state is None else "does not answer", _START
    others = [one.name or one.home for one in running_here() if one.name != name_of(place.root)]
    return SandboxError("sandbox", f"{cause}; running: {', '.join(others)}" if others else cause, remedy)


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
    """Twins with at least one resource in the sandbox, according to their deploy logs."""
    logs = sorted(Home(state.home).logs.glob("deploy-*.jsonl"))
    return tuple(log.stem.removeprefix("deploy-") for log in logs if _has_resources(log))


def _has_resources(log: Path) -> bool:
    made: set[tuple[str, str]] = set()
    for line in log.read_bytes().splitlines():
        try:
            note = json.loads(line)
            key = note["resource"], note["name"]
            if note["phase"] == "done":
                (made.discard if note["action"] == "delete" else made.add)(key)
        except (ValueError, KeyError, TypeError):  # a truncated line of a process that died while writing
            continue
    return bool(made)


def _homes_of_gateways() -> Iterator[Path]:
    """The homes of this user's running gateways."""
    for process in psutil.process_iter():
        try:
            if process.uids().real != os.getuid():
                continue
            command = process.cmdline()
            if _MODULE in command[:5] and "--home" in command:
                yield Path(command[command.index("--home") + 1])
        except (psutil.Error, IndexError):
            continue
