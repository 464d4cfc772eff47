"""The port of retention: what a cloud keeps of deleted data, where neither a store's port nor l3kit reaches it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from l3kit.providers import part
from l3kit.tiering.settings.function_table import StoreName

if TYPE_CHECKING:
    from l3kit.clouds.ports.cloud import Cloud
    from l3kit.twin.config import Twin


@dataclass(frozen=True, slots=True)
class Retained:
    """Something that still has deleted data.

    Attributes:
        what: in words, with the resource's name.
        days: number of days after the deletion; None if the cloud does not say.
        remedy: how to end it earlier, or where to look; empty if there is no way.
    """

    what: str
    days: int | None
    remedy: str = ""


class Retention(Protocol):
    """One cloud's, which `parts` of its `Provider` names."""

    def retained(self, cloud: Cloud, twin: Twin, stores: Collection[StoreName]) -> Sequence[Retained]:
        """Return what keeps data that were deleted from these stores of a twin. Raises: L3Error."""

    def of_expired(self, twin: Twin) -> Retained | None:
        """Return what an archive here, as l3kit makes it, keeps of expired chunks; None if nothing. No I/O."""


def retention_of(cloud: str) -> Retention:
    """Return a cloud's. Raises: ConfigurationError if l3kit does not know it."""
    return cast("Retention", part(cloud, "retention"))
