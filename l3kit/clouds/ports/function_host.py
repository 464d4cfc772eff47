"""The port for deploying functions on Azure and Google Cloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Definition:
    """A function's settings, apart from its code; they contain a token, so no repr shows them.

    Attributes:
        python: version as `3.13`.
        timeout: seconds of one request or run.
        public: whether anybody may call it; its own code then checks the token.
        schedules: jobs that call it: name, schedule (unix cron, UTC) and body each; Azure's timers are in the code.
    """

    python: str
    settings: Mapping[str, str] = field(repr=False)
    labels: Mapping[str, str]
    timeout: int
    public: bool = False
    schedules: Sequence[Mapping[str, str]] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "python": self.python,
            "settings": dict(self.settings),
            "labels": dict(self.labels),
            "timeout": self.timeout,
            "public": self.public,
            "schedules": [dict(job) for job in self.schedules],
        }


@dataclass(frozen=True, slots=True)
class Deployed:
    """A deployed function.

    Attributes:
        code_sha256: hex digest of its zip.
        state: `active`, or why it is not.
    """

    name: str
    url: str
    code_sha256: str
    state: str
    definition: Definition


class FunctionHost(Protocol):
    """The functions of one cloud."""

    def get(self, name: str) -> Deployed | None:
        """Return the function; None if there is none. Raises: ProvisioningError."""

    def put(self, name: str, definition: Definition, code: bytes) -> Deployed:
        """Create or replace the function; returns when it is active. Raises: ProvisioningError."""

    def delete(self, name: str) -> None:
        """Delete the function; a missing one is not an error. Raises: ProvisioningError."""

    def timers(self, name: str) -> Mapping[str, str]:
        """Return the schedules that start it, by name; empty if it has none. Raises: ProvisioningError."""

    def invoke(self, name: str, body: bytes, *, timeout: float) -> tuple[int, bytes]:
        """Call a function that is not public, with authorization. Returns: status and body. Raises: L3Error."""
