"""A cloud's functions in memory, behind the port `FunctionHost`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from l3kit.clouds.ports.function_host import Definition, Deployed, Timer
from l3kit.clouds.ports.function_logs import LogLine
from l3kit.clouds.ports.resources import AlreadyThereError
from l3kit.errors import PermissionMissingError, ProvisioningError


class MemoryHost:
    """Attributes:
    schedules: by function and name.
    answer: what each invocation gives.
    hidden: functions that may not be looked at.
    logs: by function.
    """

    def __init__(self) -> None:
        self.functions: dict[str, Deployed] = {}
        self.schedules: dict[str, dict[str, Timer]] = {}
        self.answer = (200, b"null")
        self.invoked: list[tuple[str, bytes]] = []
        self.hidden: set[str] = set()
        self.logs: dict[str, list[LogLine]] = {}

    def get(self, name: str) -> Deployed | None:
        self._look(name)
        return self.functions.get(name)

    def create(self, name: str, definition: Definition, code: bytes) -> None:
        if name in self.functions:
            raise AlreadyThereError(f"function {name}", "exists already")
        self.update(name, definition, code)

    def update(self, name: str, definition: Definition, code: bytes) -> None:
        url = f"https://{name}.example"
        self.functions[name] = Deployed(name, url, hashlib.sha256(code).hexdigest(), "active", definition)

    def delete(self, name: str) -> None:
        self.functions.pop(name, None)

    def address(self, name: str) -> str:
        there = self.get(name)
        return f"{there.url}?code=key-of-{name}" if there else ""

    def timers(self, name: str) -> dict[str, Timer]:
        self._look(name)
        return self.schedules.get(name, {})

    def log(self, name: str, since: datetime | None) -> Iterator[LogLine]:
        self._look(name)
        if name not in self.logs:
            raise ProvisioningError(f"log of {name}", "does not exist", "Apply the twin")
        yield from (line for line in self.logs[name] if since is None or line.moment >= since)

    def invoke(self, name: str, body: bytes, *, timeout: float) -> tuple[int, bytes]:
        self.invoked.append((name, body))
        return self.answer

    def fail(self, name: str, state: str) -> None:
        self.functions[name] = replace(self.functions[name], state=state)

    def _look(self, name: str) -> None:
        if name in self.hidden:
            raise PermissionMissingError(f"function {name}", "it may not be read", "Ask for it")
