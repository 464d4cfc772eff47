"""The port of a foreign table whose items `load` copies. It is read and never changed.

All methods are coroutines; adapters retry what is safe to retry inside each call, as those of `l3kit.tiering.ports`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from l3kit.tiering.ports import Usage

WHOLE = "whole"
"""Name of the only part of a table that is not split into parts."""


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """Facts that a cloud reports about a table without reading it.

    Attributes:
        resource: its name in errors, such as `table readings`.
        identity: distinguishes it from a later table of the same name.
        keys: names of the attributes that are its key, the partition key first.
        items: approximate number of items; None if the cloud does not report it.
        units: approximate read units for the whole table; None if unknown.
        capacity: its capacity and the cost of reading it, in words.
        share: default read units per second; 0 is no limit.
        unverified: what `identity` does not show, and what to do before an interrupted copy is continued; may be empty.
    """

    resource: str
    identity: str
    keys: tuple[str, ...]
    items: int | None = None
    units: float | None = None
    capacity: str = ""
    share: float = 0.0
    unverified: str = ""


@dataclass(frozen=True, slots=True)
class SourceItem:
    """An item of the table.

    Attributes:
        key: its key as a JSON object.
        json: the item as chunk JSON, or, if it was refused, in the cloud's form.
        refusal: why it cannot be written as chunk JSON; empty if it can.
    """

    key: str
    json: bytes
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class SourcePage:
    """Items in the order in which they are read, each exactly once unless it is written during the read.

    Attributes:
        next: pass as `after` to continue; None at the end of the part. An empty page may have one.
        units: read units that it took.
        next_device: like `next`, but without the rest of the last item's device; None where devices are mixed.
    """

    items: Sequence[SourceItem]
    next: str | None
    units: float
    next_device: str | None = None


class SourceReading(Protocol):
    """One way of reading a table whole.

    Attributes:
        reason: the way in words, and why it was chosen.
        by_device: whether all items of a device come one after the other.
        parts: names of independent parts, which together have every item once.
    """

    @property
    def reason(self) -> str: ...

    @property
    def by_device(self) -> bool: ...

    @property
    def parts(self) -> Sequence[str]: ...

    async def read(self, part: str, after: str | None, most: int) -> SourcePage:
        """Read the next items of a part, strongly consistent where the cloud can.

        Reading again from the same place finds the same items, except those written or deleted since.

        Args:
            after: `next` of an earlier page of the part, also of another process; None is the beginning.
            most: maximum items; a page also has at most about 1 MiB.
        Raises: StoreError, also if the table was deleted.
        """


class SourceTable(Protocol):
    """A table in the account of a cloud."""

    usage: Usage

    async def facts(self) -> SourceFacts:
        """Describe the table. Raises: ConfigurationError if there is none, or it is the twin's own; StoreError."""

    def reading(self, facts: SourceFacts, device: str) -> SourceReading:
        """Return a way to read it, device by device if possible. `device`: the attribute with the device, or empty."""

    async def close(self) -> None:
        """Close connections."""
