"""A sandbox with something of its own in each service."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil

from l3kit.sandbox import SandboxState
from l3kit.sandbox.processes import session_members
from tests.support.broken.whole import Whole

NOTED = re.compile(r"\[sandbox\] process (\d+) (.+)")


@dataclass(frozen=True)
class World:
    """A sandbox with something of its own in each service: `kept` looks whether it is there, and whether it answers."""

    state: SandboxState
    name: str
    kept: Callable[[], dict[str, Any]]
    halves: Callable[[], dict[str, list[str]]]
    templates: dict[str, list[Whole]]

    def processes(self) -> list[psutil.Process]:
        gateway = self.state.processes[0]
        return session_members(gateway.pid, gateway.created, self.state)

    def ports(self) -> dict[str, int]:
        """Every port on which a process of the sandbox listens, by name."""
        known = {int(address.split("/")[2].rpartition(":")[2]): name for name, address in self._addresses().items()}
        known |= {info.port: info.name if info.name != "cosmos" else "cosmos server" for info in self.state.processes}
        found: dict[str, int] = {}
        for process in self.processes():
            kind = next(
                (kind for kind in ("azure", "gcp") if f"{kind}/function_host.py" in str(process.cmdline())), "runtime"
            )
            for connection in process.net_connections("inet"):
                if connection.status == psutil.CONN_LISTEN:
                    port = connection.laddr.port
                    found[known.get(port, f"{kind} function")] = port
        return found

    def ends(self) -> dict[int, str]:
        """What the functions' logs say of processes that are gone, by process id."""
        logs = (path.read_text("utf-8", "replace") for path in self.state.home.joinpath("logs").rglob("*.log"))
        return {int(pid): why for log in logs for pid, why in NOTED.findall(log)}

    def _addresses(self) -> dict[str, str]:
        return {name: a if "//" in a else f"grpc://{a}" for name, a in self.state.endpoints.items()}
