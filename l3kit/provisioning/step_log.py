"""The log of steps: each is noted before it is made and after, so that an interrupted apply can be explained."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path


class StepLog:
    """Appends to one file for each twin and place (`Session.deploy_log`); each line is on the disk before the call."""

    def __init__(self, path: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._path = path
        self._clock = clock

    def note(self, phase: str, action: str, kind: str, name: str, detail: str = "") -> None:
        """Append one line; `phase` is `begin`, `done` or `failed`."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps(
            {
                "time": self._clock().isoformat(timespec="seconds"),
                "phase": phase,
                "action": action,
                "resource": kind,
                "name": name,
                "detail": detail,
            }
        )
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())

    def unfinished(self) -> dict[tuple[str, str], str]:
        """Steps that were begun and never reported done, by kind and name: where an interrupted apply stopped."""
        if not self._path.exists():
            return {}
        begun: dict[tuple[str, str], str] = {}
        for text in self._path.read_text("utf-8").splitlines():
            try:
                line = json.loads(text)
            except ValueError:  # the process died while it wrote the last line
                continue
            key = (line["resource"], line["name"])
            if line["phase"] == "begin":
                begun[key] = f"{line['action']} {line['resource']} {line['name']}"
            else:
                begun.pop(key, None)
        return begun
