"""Desired resources of a twin, and their actual state on a cloud."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, Self

from l3kit.clouds.ports.changes import Change, Difference, attributes
from l3kit.errors import L3Error, ProvisioningError


class AlreadyThereError(ProvisioningError):
    """`create` found an existing resource: created by an earlier try whose response was lost, or by somebody else."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Actual state of one desired resource.

    Attributes:
        exists: whether a resource of that name exists.
        owned: whether it carries this twin's tag; only then may it be changed or removed.
        differences: in words, without secrets; empty if it is as desired.
        protected: the cloud itself refuses to remove it.
        fault: why it cannot reach the desired state; a plan to deploy stops there, one to destroy continues.
        changes: the differences by attribute, with old and new values; of a missing resource its main attributes.
        stranger: why it is not this twin's, and what to do, where there is more to say than that it lacks the tag.
    """

    exists: bool
    owned: bool = True
    differences: tuple[str, ...] = ()
    protected: bool = False
    fault: L3Error | None = None
    changes: tuple[Change, ...] = ()
    stranger: L3Error | None = None

    @classmethod
    def missing(cls, main: Mapping[str, object], fault: L3Error | None = None) -> Self:
        """Return the finding for a resource to be created with these attributes, none of them a secret."""
        return cls(False, fault=fault, changes=attributes(main))

    @classmethod
    def of(
        cls,
        owned: bool,
        differences: Iterable[Difference],
        *,
        protected: bool = False,
        fault: L3Error | None = None,
    ) -> Self:
        """Return the finding for a resource that exists."""
        found = tuple(differences)
        words = tuple(one.words for one in found)
        return cls(True, owned, words, protected, fault, tuple(each for one in found for each in one.all_changes))


class Resource(Protocol):
    """One desired resource. Its type compares it with the actual state and makes the calls that change it.

    Every method may run again after a crash at any point of an earlier one: `compare` reads the cloud, never a cache;
        `create` and `update` complete partial work; `delete` of a missing resource is not an error.
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
        """Create it; called if `compare` found none. Raises: AlreadyThereError, ProvisioningError."""

    def update(self) -> None:
        """Change it to the desired state; called if `compare` found differences."""

    def delete(self) -> None:
        """Delete it with all its content."""
