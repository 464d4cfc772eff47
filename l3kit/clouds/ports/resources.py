"""What a twin should have and what a cloud has of it, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from l3kit.errors import L3Error, ProvisioningError


class AlreadyThereError(ProvisioningError):
    """`create` was told that there is one: an earlier try made it and its answer was lost, or somebody else did."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the cloud has of one wanted resource.

    Attributes:
        exists: whether there is one of that name.
        owned: whether it carries this twin's tag; only then may it be changed or removed.
        differences: in words, without secrets; empty where it is as wanted.
        protected: the cloud itself refuses to remove it.
        fault: why it cannot be made as wanted; a plan to deploy stops there, one to destroy goes on.
    """

    exists: bool
    owned: bool = True
    differences: tuple[str, ...] = ()
    protected: bool = False
    fault: L3Error | None = None


class Resource(Protocol):
    """One wanted resource. Its type knows how to compare it with what is there, and which calls change that.

    Every method may run again after a crash at any point of an earlier one: `compare` asks the cloud, never a memory;
    `create` and `update` complete what is half made; `delete` of something missing is no error.
    """

    @property
    def kind(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def holds_data(self) -> bool: ...

    def compare(self) -> Finding:
        """Read the cloud's state. Raises: ProvisioningError."""

    def create(self) -> None:
        """Make it; called when `compare` found none. Raises: AlreadyThereError, ProvisioningError."""

    def update(self) -> None:
        """Make it as wanted; called when `compare` found differences."""

    def delete(self) -> None:
        """Remove it with all it holds."""
