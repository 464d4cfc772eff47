"""State of a running sandbox and its file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from l3kit.files import private

FORMAT = 5
HOME_VARIABLE = "L3KIT_SANDBOX_HOME"
DISK_EXIT = 64
"""Exit code, plus the errno, of a gateway that cannot write into its home."""


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """One process of the sandbox. `created` (seconds since 1970) distinguishes it from later ones with the same pid."""

    name: str
    pid: int
    port: int
    log_file: str
    created: float

    def is_alive(self) -> bool:
        return is_alive(self.pid, self.created)


@dataclass(frozen=True, slots=True)
class SandboxState:
    """A running sandbox: its addresses and processes.

    Attributes:
        gateway: http://127.0.0.1:PORT, the gateway's address.
        home: folder with logs, unpacked functions and this state.
        endpoints: address, or host and port, of each started service with its own address, by name.
        clouds: those whose services have been started.
        facts: further facts to show of the services behind the gateway's address, by name, such as the region.
    """

    gateway: str
    processes: tuple[ProcessInfo, ...]
    home: Path
    started: str
    endpoints: Mapping[str, str] = field(default_factory=dict)
    clouds: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        return {
            "format": FORMAT,
            "gateway": self.gateway,
            "home": str(self.home),
            "started": self.started,
            "endpoints": dict(self.endpoints),
            "clouds": list(self.clouds),
            "facts": dict(self.facts),
            "processes": [asdict(process) for process in self.processes],
        }


@dataclass(frozen=True, slots=True)
class Home:
    """The paths inside a sandbox's folder."""

    root: Path

    @property
    def state_file(self) -> Path:
        return self.root / "state.json"

    @property
    def failure_file(self) -> Path:
        return self.root / "failure.json"

    @property
    def end_file(self) -> Path:
        """File with the reason for the last gateway's end."""
        return self.root / "ended.json"

    @property
    def lock_file(self) -> Path:
        return self.root / "lock"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def functions(self) -> Path:
        return self.root / "functions"

    @property
    def twins(self) -> Path:
        """Links, with their tokens, of each twin deployed here."""
        return self.root / "twins"

    @property
    def inbox(self) -> Path:
        """Messages to addresses that a sandbox does not reach, a file for each."""
        return self.root / "inbox"

    @property
    def runtime(self) -> Path:
        return self.root / "runtime"

    @property
    def clouds(self) -> Path:
        """The folder with the data of clouds that have a folder of their own."""
        return self.root / "cloud-data"

    def cloud(self, name: str) -> Path:
        """The own folder of one of them."""
        return self.clouds / name

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Write a JSON file atomically: a reader sees the old content or the new one."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with open(temporary, "w", encoding="utf-8", opener=private) as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def read_state(home: Home, *, any_format: bool = False) -> SandboxState | None:
    """Read the state file, whether or not its processes are alive; None if missing or in an unknown format.

    Args:
        any_format: also read another version's file, in which only the processes are reliable.
    """
    try:
        data = json.loads(home.state_file.read_text("utf-8"))
        if data["format"] != FORMAT and not any_format:
            return None
        return SandboxState(
            gateway=data.get("gateway", "") if any_format else data["gateway"],
            processes=tuple(ProcessInfo(**entry) for entry in data["processes"]),
            home=home.root,
            started=data["started"],
            endpoints=data.get("endpoints", {}) if any_format else data["endpoints"],
            clouds=tuple(data.get("clouds", ()) if any_format else data["clouds"]),
            facts=data.get("facts", {}) if any_format else data["facts"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def is_alive(pid: int, created: float) -> bool:
    """Return whether this process is running; a zombie or a later process with the same pid does not count."""
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - created) < 0.5 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def tail(path: Path, lines: int = 15) -> str:
    """The last lines of a log, for error messages."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 16_384))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return "(no log)"
    return "\n".join(text.splitlines()[-lines:]) or "(the log is empty)"
