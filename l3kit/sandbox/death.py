"""Why a sandbox does not answer any more: which of its parts has ended, and the last lines of that part's log."""

from __future__ import annotations

import json
from pathlib import Path

from l3kit.errors import SandboxError
from l3kit.sandbox.state import Home, read_state, tail, write_json

ANEW = "Start it with `l3kit sandbox up`, or connect again; a new one begins empty, so deploy the twin again"


def note_end(home: Home, reason: str, part: str) -> None:
    """Leave word of why the gateway ends. `part`: the emulator that ended by itself; empty where none did."""
    write_json(home.end_file, {"reason": reason, "part": part})


def death_of(home: Path, endpoint: str) -> SandboxError | None:
    """What a session on that endpoint must be told; None while all of the sandbox's parts live."""
    place = Home(home)
    state = read_state(place)
    if state is None:
        return end_of(place) or SandboxError("sandbox", "is not up any more", ANEW)
    for process in state.processes:
        if not process.is_alive():
            return _dead(process.name, f"ended (it was process {process.pid})", Path(process.log_file))
    if state.aws_endpoint != endpoint:
        return SandboxError("sandbox", "was started anew after this session was opened", ANEW)
    return None


def end_of(place: Home) -> SandboxError | None:
    """Why the last gateway ended, as it said itself; None where none did."""
    try:
        told = json.loads(place.end_file.read_text("utf-8"))
        reason, part = str(told["reason"]), str(told["part"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if part:
        return _dead(part, reason, place.log(part))
    return SandboxError("sandbox", f"has stopped: {reason}", ANEW)


def _dead(part: str, cause: str, log: Path) -> SandboxError:
    return SandboxError(f"sandbox part {part}", cause, f"{ANEW}. The end of its log, {log}:\n{tail(log)}")
