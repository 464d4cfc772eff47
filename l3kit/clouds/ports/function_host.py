"""The port for a cloud's functions: the settings that provisioning writes and reads back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from l3kit.clouds.ports.function_logs import LogLine


@dataclass(frozen=True, slots=True)
class Definition:
    """A function's settings, apart from its code; they contain a token, so no repr shows them.

    Attributes:
        python: version as `3.13`.
        owner: the twin that it belongs to, kept in a tag or label; empty if none is named there.
        timeout: seconds of one request or run.
        public: whether anybody may call it; its own code then checks the token, so that access is granted after the
            code and settings are in force, and withdrawn before they change. False where an address that is a resource
            of its own grants that (Lambda's function URLs).
        schedules: jobs that belong to it: name, schedule (unix cron, UTC) and body each. Empty where timers are in the
            code (Azure) or are resources of their own (EventBridge).
        memory_mb: memory in MB; 0 leaves it to the cloud.
        identity: name of the identity that its code runs as, e.g. a role; empty for the cloud's default.
        callers: names of the identities that may call it, or of the functions that have them. Empty where an address
            holds a key (Azure) or the caller's role grants it (AWS).
    """

    python: str
    settings: Mapping[str, str] = field(repr=False)
    owner: str
    timeout: int
    public: bool = False
    schedules: Sequence[Mapping[str, str]] = ()
    memory_mb: int = 0
    identity: str = ""
    callers: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Deployed:
    """A deployed function.

    Attributes:
        url: its address; empty where an address is a resource of its own.
        code_sha256: hex digest of its zip.
        state: `active`, or the reason why it does not work, as a clause: `it failed to start: ...`.
    """

    name: str
    url: str
    code_sha256: str
    state: str
    definition: Definition


@dataclass(frozen=True, slots=True)
class Timer:
    """A schedule that starts a function.

    Attributes:
        expression: in its cloud's own format.
        state: `fired`: kept by a sandbox, where it is triggered by hand.
        begins: start of a rate; None for other expressions, or if it is unknown.
        fault: reason, apart from its state, why it does not start the function as it should; empty if it does.
    """

    expression: str
    state: Literal["on", "off", "fired"]
    begins: datetime | None = None
    fault: str = ""


class FunctionHost(Protocol):
    """The functions of one cloud.

    A host has no state: every method reads or changes the cloud, so that it can be repeated after a crash at any
    point.
    """

    def get(self, name: str) -> Deployed | None:
        """Return the function; None if there is none.

        Raises: PermissionMissingError if reading it or its settings is not permitted; ProvisioningError.
        """

    def create(self, name: str, definition: Definition, code: bytes) -> None:
        """Create the function; returns when it is active.

        Raises: AlreadyThereError if there is one, which stays as it is; ProvisioningError.
        """

    def update(self, name: str, definition: Definition, code: bytes) -> None:
        """Give the function this definition and code; returns when it is active. Raises: ProvisioningError."""

    def delete(self, name: str) -> None:
        """Delete the function; a missing one is not an error. Raises: ProvisioningError."""

    def address(self, name: str) -> str:
        """Return the address for other functions of the twin; it may contain a key, so it is a secret.

        Returns: on Azure the url of `/api/run` with its `code`, on Google Cloud the url of the service, on AWS the
            deployed name. Empty if there is no such function.
        Raises: PermissionMissingError, ProvisioningError.
        """

    def timers(self, name: str) -> Mapping[str, Timer]:
        """Return the schedules that start it, by name; empty if it has none. Raises: ProvisioningError."""

    def log(self, name: str, since: datetime | None) -> Iterator[LogLine]:
        """Yield the lines of its log from this moment on, whether or not it is still deployed; None: all that is kept.

        Lines yielded before an error are valid: an answer may contain them along with the error.

        Raises: PermissionMissingError naming the permission; ProvisioningError, also if there is no log.
        """

    def invoke(self, name: str, body: bytes, *, timeout: float) -> tuple[int, bytes]:
        """Call a function that is not public, with authorization. Returns: HTTP status and body.

        Args:
            timeout: seconds.
        Raises: ProvisioningError if it is not deployed; L3Error if it did not respond, or failed and its cloud says
            why.
        """
