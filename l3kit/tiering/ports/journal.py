"""The journal store: named records, replaced by compare and swap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from l3kit.tiering.ports.hot import Usage


@dataclass(frozen=True, slots=True)
class JournalRow:
    """A journal record as stored: flat attributes, readable by a person.

    `version` increases by one with every change and is the fencing number: a swap with an old version fails.
    """

    version: int
    attributes: Mapping[str, str | int | bytes]


class JournalStore(Protocol):
    """Small records with compare-and-swap. At most 400 KB each."""

    usage: Usage

    async def load(self, name: str) -> JournalRow | None:
        """Read with strong consistency; None if there is no record."""

    async def swap(self, name: str, row: JournalRow) -> bool:
        """Replace the whole record if the stored version is `row.version - 1` (0: no record yet).

        Returns: False if the version differs. A retry after a lost response may return False although the first try
        took effect; the caller loads the record and compares.
        """

    async def remove(self, name: str, version: int) -> bool:
        """Delete the record if it has this version. A missing record counts as deleted.

        Returns: False if another version is there.
        """

    async def names(self, prefix: str = "") -> list[str]:
        """Names of all records beginning with prefix, sorted."""

    async def close(self) -> None: ...
