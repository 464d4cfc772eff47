"""The step log: each step is recorded before and after it is carried out, to explain an interrupted apply."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from l3kit.files import os_errors_reported, private


class StepLog:
    """Log file of one twin and target (`Session.deploy_log`); each line is on disk before the call."""

    def __init__(self, path: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._path = path
        self._clock = clock

    def note(self, phase: str, action: str, kind: str, name: str, detail: str = "") -> None:
        """Append one line; `phase` is `begin`, `done` or `failed`. Raises: ConfigurationError if that fails."""
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
        with os_errors_reported(
            f"deploy log {self._path}", remedy="Then apply again: no step runs without a log entry"
        ):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(self._path, "a", encoding="utf-8", opener=private) as file:
                file.write(line + "\n")
                file.flush()
                os.fsync(file.fileno())

    def unfinished(self) -> dict[tuple[str, str], str]:
        """List steps begun and never finished, by kind and name: the place where an interrupted apply stopped.

        Raises: ConfigurationError if the file cannot be read.
        """
        with os_errors_reported(f"deploy log {self._path}", "cannot be read"):
            lines = self._path.read_bytes().splitlines() if self._path.exists() else []
        begun: dict[tuple[str, str], str] = {}
        for text in lines:
            try:
                line = json.loads(text)
                key, phase = (line["resource"], line["name"]), line["phase"]
                step = f"{line['action']} {line['resource']} {line['name']}"
            except (ValueError, RecursionError, KeyError, TypeError):  # partial line of a process that died writing it
                continue
            if phase == "begin":
                begun[key] = step
            else:
                begun.pop(key, None)
        return begun
