"""The faults that an audit can find, and what to do about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Kind = Literal[
    "foreign key",
    "metadata",
    "digest",
    "unreadable",
    "count",
    "order",
    "device",
    "range",
    "double",
    "missing",
    "totals",
    "receipt",
]
_EARLIER = "Restore an earlier version of the object, or a backup of it"
REMEDIES: Mapping[Kind, str] = {
    "foreign key": "No mover writes such a key: find out who wrote the object, and move it elsewhere",
    "metadata": f"It was changed or stored by hand. {_EARLIER}",
    "digest": f"It was changed or damaged after it was stored. {_EARLIER}",
    "unreadable": f"No reader can use it. {_EARLIER}",
    "count": f"Its metadata or its content was changed by hand. {_EARLIER}",
    "order": f"The movers write items in order, so it was changed by hand; queries sort them. {_EARLIER}",
    "device": f"Queries do not find such items. Load them for their own device, and: {_EARLIER.lower()}",
    "range": f"Queries of their time do not find such items. {_EARLIER}",
    "double": "Nothing is lost, and queries show each item once. Remove one of the two after comparing them",
    "missing": (
        "Somebody or a rule of the bucket removed it. Restore it from an earlier version or a backup, "
        "and check the bucket's lifecycle rules and its access log"
    ),
    "totals": (
        "An object or the journal's record was changed by hand. "
        "Compare the objects with a backup; docs/reference/journal.md describes the record"
    ),
    "receipt": "Compare the archive with a backup; a receipt is only left after its object was archived",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong, without its place. `remedy`: empty for the usual one of its kind."""

    kind: Kind
    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in a tier.

    Attributes:
        key: key of the object; for a missing chunk, its known part.
        kind: the kind of fault, in a word or two (docs/how-to/audit.md).
        what: the same in a sentence.
        remedy: what to do.
    """

    tier: str
    cloud: str
    key: str
    kind: Kind
    what: str
    remedy: str

    @classmethod
    def at(cls, tier: str, cloud: str, key: str, finding: Finding) -> Fault:
        return cls(tier, cloud, key, finding.kind, finding.what, finding.remedy or REMEDIES[finding.kind])

    def line(self) -> str:
        """The fault in one line."""
        return f"{self.tier} on {self.cloud}: {self.key}: {self.what}. {self.remedy}"

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)
