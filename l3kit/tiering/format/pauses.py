"""Pauses of movers, in the two forms in which they find them. docs/how-to/operations.md.

The hot-to-cold mover finds them in its journal, the cold-to-archive mover in the cold tier.
"""

from __future__ import annotations

from typing import ClassVar

from l3kit.tiering.format.chunks import RESERVED_PREFIX
from l3kit.tiering.format.stops import Stop, Stops


class Pause(Stop):
    """One pause."""

    __slots__ = ()
    participle: ClassVar[str] = "paused"


class Pauses(Stops[Pause]):
    """The pauses of a mover."""

    __slots__ = ()
    kind = Pause
    record = "pause/hot-to-cold-mover"
    attribute = "pauses"
    prefix = f"{RESERVED_PREFIX}paused/"
    unreadable = "its record cannot be read, so nothing is moved; l3kit resume writes a new one"


NOTHING = Pauses()
