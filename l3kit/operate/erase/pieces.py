"""The pieces of a device that are erased, and their amounts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Kind = Literal["items", "chunk", "receipt", "upload part", "expiry record", "dead letter", "report", "journal record"]


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing that is erased.

    Attributes:
        place: tier, `journal`, or `letters on` a cloud.
        name: key, version and the like; the sort keys of the first and the last of several items.
        count: items in it, as far as its metadata state them.
        digest: digest of its content, with the kind of digest: `sha256:...` or the store's `etag:...`.
    """

    place: str
    kind: Kind
    name: str
    version: str = ""
    count: int = 0
    bytes: int = 0
    digest: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_json(cls, row: dict[str, Any]) -> Piece:
        """The inverse of `to_json`. Raises: TypeError for anything else."""
        return cls(**row)


@dataclass(slots=True)
class Amount:
    """Amount of one kind in a place."""

    pieces: int = 0
    items: int = 0
    bytes: int = 0


@dataclass(slots=True)
class Tally:
    """Amounts by place and kind, in the order in which they were first met."""

    amounts: dict[tuple[str, Kind], Amount] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.amounts)

    def add(self, pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            amount = self.amounts.setdefault((piece.place, piece.kind), Amount())
            amount.pieces += 1
            amount.items += piece.count
            amount.bytes += piece.bytes

    @classmethod
    def of_rows(cls, rows: Iterable[dict[str, Any]]) -> Tally:
        """The inverse of `rows`. Raises: KeyError, TypeError, ValueError for anything else."""
        amounts = {
            (str(row["where"]), row["what"]): Amount(int(row["pieces"]), int(row["items"]), int(row["bytes"]))
            for row in rows
        }
        return cls(amounts)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Plain values, one row for each place and kind."""
        for (place, kind), amount in self.amounts.items():
            yield {"where": place, "what": kind, **asdict(amount)}

    @property
    def items(self) -> int:
        """All items, also those that are in two places at once."""
        return sum(amount.items for amount in self.amounts.values())

    @property
    def bytes(self) -> int:
        return sum(amount.bytes for amount in self.amounts.values())
