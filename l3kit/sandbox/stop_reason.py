"""The reason why a sandbox no longer answers: the part that ended, with the last lines of its log."""

from __future__ import annotations

import json
from pathlib import Path

from l3kit.errors import SandboxError
from l3kit.sandbox.state import Home, read_state, tail, write_json

RESTART = "Start it with `l3kit sandbox up`, or connect again; a new one is empty, so deploy the twin again"


def note_stop(home: Home, reason: str, part: str) -> None:
    """Record why the gateway stops. `part`: the emulator that ended by itself, or an empty string."""
    write_json(home.end_file, {"reason": reason, "part": part})


def stop_reason(home: Path, endpoint: str) -> SandboxError | None:
    """The error to raise for a session on this endpoint; None while all parts of the sandbox are running."""
    place = Home(home)
    state = read_state(place)
    if state is None:
        return last_stop(place) or SandboxError("sandbox", "is no longer running", RESTART)
    for process in state.processes:
        if not process.is_alive():
            return _part_ended(process.name, f"ended (it was process {process.pid})", Path(process.log_file))
    if state.gateway != endpoint:
        return SandboxError("sandbox", "was restarted after this session was opened", RESTART)
    return None


def last_stop(place: Home) -> SandboxError | None:
    """The reason that the last gateway recorded; None without a record."""
    try:
        record = json.loads(place.end_file.read_text("utf-8"))
        reason, part = str(record["reason"]), str(record["part"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if part:
        return _part_ended(part, reason, place.log(part))
    return SandboxError("sandbox", f"has stopped: {reason}", RESTART)


def _part_ended(part: str, cause: str, log: Path) -> SandboxError:
    return SandboxError(f"sandbox part {part}", cause, f"{RESTART}. The end of its log, {log}:\n{tail(log)}")
