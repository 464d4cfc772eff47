"""The requests and answers that pass the edge to Google Cloud: for whoever watches, and which of them still run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request, and its answer.

    Attributes:
        path: after the host, with its query.
        body: of the request, as JSON; None if it has none.
        answer: as JSON; None if it is none.
    """

    service: str
    method: str
    path: str
    body: Any
    status: int
    headers: Mapping[str, str]
    answer: Any

    @property
    def url(self) -> str:
        """Return Google's address of it, wherever it was sent."""
        return f"https://{self.service}/{self.path}"

    @property
    def operation(self) -> str:
        """Return the long-running operation that the answer tells of; empty if it is none."""
        name = str(self.answer.get("name", "")) if isinstance(self.answer, dict) else ""
        return name if "operations/" in name else ""


class Traffic:
    """All exchanges of one session. Called with each, retries included."""

    def __init__(self) -> None:
        self._watchers: list[Callable[[Exchange], None]] = []
        self._running: dict[tuple[str, str], None] = {}

    def __call__(self, exchange: Exchange) -> None:
        if operation := exchange.operation:
            key = (exchange.service, operation)
            if exchange.answer.get("done"):
                self._running.pop(key, None)
            else:
                self._running[key] = None
        for seen in self._watchers:
            seen(exchange)

    def watch(self, seen: Callable[[Exchange], None]) -> None:
        """Call `seen` with each exchange from now on."""
        self._watchers.append(seen)

    def running(self) -> tuple[tuple[str, str], ...]:
        """Return operations whose end was not seen: the API and the name of each."""
        return tuple(self._running)
