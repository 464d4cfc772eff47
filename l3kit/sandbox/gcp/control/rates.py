"""Quotas of calls a minute, by API."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field

from l3kit.sandbox.gcp.control.answers import RefusedError, error_info
from l3kit.sandbox.gcp.control.project import Project

SECONDS = 60.0


@dataclass(slots=True)
class Rates:
    """The times of the last minute's calls of each API, in seconds since 1970."""

    project: Project
    _calls: defaultdict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def count(self, service: str) -> None:
        """Count a call of an API, given by its host. Raises: RefusedError if the minute's quota is used up."""
        limit = self.project.settings.calls_a_minute.get(service.partition(".")[0])
        if limit is None:
            return
        calls, now = self._calls[service], self.project.clock()
        while calls and calls[0] <= now - SECONDS:
            calls.popleft()
        if len(calls) >= limit:
            consumer = f"projects/{self.project.number}"
            message = (
                f"Quota exceeded for quota metric 'Requests' and limit 'Requests per minute' of service '{service}' "
                f"for consumer '{consumer}'."
            )
            info = error_info("RATE_LIMIT_EXCEEDED", "googleapis.com", service=service, consumer=consumer)
            raise RefusedError("RESOURCE_EXHAUSTED", message, [info])
        calls.append(now)
