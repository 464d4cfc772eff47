"""Every exception l3kit raises on purpose. A message names the resource, the cause and the remedy; never a secret."""

from __future__ import annotations


class L3Error(Exception):
    """Base of all l3kit errors.

    Args:
        resource: what it happened to (an object key, a function name, a file and key).
        cause: what was seen.
        remedy: what the reader can do now.
    """

    def __init__(self, resource: str, cause: str, remedy: str = "") -> None:
        self.resource = resource
        self.cause = cause
        self.remedy = remedy
        text = f"{resource}: {cause}"
        super().__init__(f"{text}. {remedy}" if remedy else text)

    def _render_traceback_(self) -> list[str]:
        """What Jupyter shows in place of a traceback: it was raised on purpose, and says all there is to say."""
        return [f"{type(self).__name__}: {self}", *getattr(self, "__notes__", ())]


class ConfigurationError(L3Error, RuntimeError):
    """A setting, config file or parameter is missing or wrong; nothing was done."""


class MissingConnectionError(ConfigurationError, ValueError):
    """Two tiers are on different clouds and the connection between them has no url or no token."""


class StoreError(L3Error):
    """A store answered with a failure that retries did not cure."""


class ItemRefusedError(StoreError):
    """One item cannot be encoded or stored; the others can."""


class NotATimeError(L3Error, ValueError):
    """A text stands for no moment, or for one that cannot be written as the twin's times are."""


class ChunkRefusedError(StoreError):
    """The target takes this chunk in no attempt; one of fewer of its items may be taken.

    `index` is that of the item that is at fault, from 0; None where the target does not tell.
    """

    def __init__(self, resource: str, cause: str, remedy: str = "", *, index: int | None = None) -> None:
        super().__init__(resource, cause, remedy)
        self.index = index


class KeyConflictError(StoreError):
    """The object key is taken by other content, which was left as it is.

    `existing_sha256` is the digest of what is there, or None where the store does not tell.
    """

    def __init__(self, resource: str, cause: str, remedy: str = "", *, existing_sha256: str | None = None) -> None:
        super().__init__(resource, cause, remedy)
        self.existing_sha256 = existing_sha256


class LeaseTakenError(L3Error):
    """Another run holds the device; this run leaves it alone."""


class LeaseLostError(L3Error):
    """This run's lease was taken over while it worked; it must not touch the device any more."""


class TransferError(L3Error):
    """A POST to a writer on another cloud failed for good.

    Attributes:
        status: the last HTTP status; None without an answer.
        field: what the writer named as wrong in a 400; None otherwise.
        index: of the item that it named, from 0; None otherwise.
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


class ProvisioningError(L3Error):
    """A cloud refused a step of plan, apply or destroy. What was made so far is recorded; apply again completes it."""


class PermissionMissingError(ProvisioningError):
    """Credentials are missing or lack permissions; nothing was created."""


class SandboxError(L3Error):
    """An emulator did not start, died or did not stop."""


class CheckFailedError(L3Error):
    """A verification found something wrong; raised by notebooks so that papermill's exit code is the verdict."""


class BudgetExceededError(CheckFailedError):
    """A bill is over the budget given."""
