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
    """Something that still contains deleted data.

    Attributes:
        what: in words, with the resource's name.
        days: number of days after the deletion; None if the cloud does not say.
        remedy: how to end it earlier, or where to look; empty if there is no way.
    """

    what: str
    days: int | None
    remedy: str = ""


class Retention(Protocol):
    """The retention of one cloud, named by `parts` of its `Provider`."""

    def retained(self, cloud: Cloud, twin: Twin, stores: Collection[StoreName]) -> Sequence[Retained]:
        """Return the copies that keep data after their deletion from these stores of a twin. Raises: L3Error."""

    def of_expired(self, cloud: Cloud | None, twin: Twin) -> Retained | None:
        """Return the copies of expired chunks that an archive here, as l3kit makes it, keeps; None if none. No I/O.

        Args:
            cloud: None where the session has no access to it.
        """


def retention_of(cloud: str) -> Retention:
    """Return a cloud's retention. Raises: ConfigurationError if l3kit does not know it."""
    return cast("Retention", part(cloud, "retention"))
