"""Exceptions that l3kit raises on purpose. A message names the resource, the cause and the remedy; never a secret."""

from __future__ import annotations

REPAIR = "Run deploy_l3, which repairs it"
"""Remedy for a resource that is not in its desired state."""


class L3Error(Exception):
    """Base class of all l3kit errors.

    Args:
        resource: the object affected (an object key, a function name, a file and key).
        cause: what went wrong.
        remedy: what the reader can do.
    """

    def __init__(self, resource: str, cause: str, remedy: str = "") -> None:
        self.resource = resource
        self.cause = cause
        self.remedy = remedy
        text = f"{resource}: {cause}"
        super().__init__(f"{text}. {remedy}" if remedy else text)

    def _render_traceback_(self) -> list[str]:
        """Return what Jupyter displays instead of a traceback: the message, which is complete."""
        return [f"{type(self).__name__}: {self}", *getattr(self, "__notes__", ())]


class ConfigurationError(L3Error, RuntimeError):
    """A setting, file or parameter is missing or wrong, or a local file cannot be read or written."""


class MissingConnectionError(ConfigurationError, ValueError):
    """Two tiers are on different clouds and the connection between them has no url or no token."""


class StoreError(L3Error):
    """A store failed, and retries did not help."""


class ItemRefusedError(StoreError):
    """One item cannot be encoded or stored; the others can."""


class NotATimeError(L3Error, ValueError):
    """A text is not a time, or a time that the twin's time format cannot represent."""


class ChunkRefusedError(StoreError):
    """The destination refuses this chunk on every attempt; a chunk of fewer of its items may be accepted.

    `index` is that of the rejected item, from 0; None if the destination does not report it.
    """

    def __init__(self, resource: str, cause: str, remedy: str = "", *, index: int | None = None) -> None:
        super().__init__(resource, cause, remedy)
        self.index = index


class KeyConflictError(StoreError):
    """The object key exists with different content, which was left unchanged.

    `existing_sha256` is the digest of the existing content; None if the store does not report it.
    """

    def __init__(self, resource: str, cause: str, remedy: str = "", *, existing_sha256: str | None = None) -> None:
        super().__init__(resource, cause, remedy)
        self.existing_sha256 = existing_sha256


class LeaseTakenError(L3Error):
    """Another run holds the device's lease; this run skips the device."""


class LeaseLostError(L3Error):
    """Another run took over this run's lease; this run must no longer touch the device."""


class HeldError(L3Error):
    """A hold forbids deleting; nothing more was deleted."""


class TransferError(L3Error):
    """A POST to a writer on another cloud failed permanently.

    Attributes:
        status: the last HTTP status; None without a response.
        field: the field that the writer rejected with a 400; None otherwise.
        index: index of the item that it rejected, from 0; None otherwise.
    """

    def __init__(
        self,
        resource: str,
        cause: str,
        remedy: str = "",
        *,
        status: int | None = None,
        field: str | None = None,
        index: int | None = None,
    ) -> None:
        super().__init__(resource, cause, remedy)
        self.status = status
        self.field = field
        self.index = index


class CallError(L3Error):
    """A call to another function or to a device failed; whether it took effect is unknown."""


class ProvisioningError(L3Error):
    """A cloud refused a step of plan, apply or destroy, or lacks a function; applying again completes the rest."""


class PermissionMissingError(ProvisioningError):
    """Credentials are missing or lack a permission; the call that needed it had no effect."""


class SandboxError(L3Error):
    """A part of the sandbox did not start, crashed or did not stop, or lacks what was named."""


class CheckFailedError(L3Error):
    """A check failed; raised by `raise_if_failed`, so that the exit code of papermill or of a verb is the verdict."""


class BudgetExceededError(CheckFailedError):
    """A bill exceeds the given budget."""
