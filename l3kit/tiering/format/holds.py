"""Holds: stops of every permanent deletion, of `l3kit erase` and of the archive's expiry. docs/how-to/erase.md.

`l3kit erase` finds them in the journal and in the archive tier, the expiry in the archive tier alone, since the
journal may be on a cloud that its function does not reach. A hold in either place stops whichever of the two finds it.
"""

from __future__ import annotations

from typing import ClassVar

from l3kit.tiering.format.chunks import RESERVED_PREFIX
from l3kit.tiering.format.stops import Stop, Stops


class Hold(Stop):
    """One hold."""

    __slots__ = ()
    participle: ClassVar[str] = "held"


class Holds(Stops[Hold]):
    """The holds of a twin."""

    __slots__ = ()
    kind = Hold
    record = "hold"
    attribute = "holds"
    prefix = f"{RESERVED_PREFIX}held/"
    unreadable = "its record cannot be read, so nothing is deleted; l3kit hold --release writes a new one"
